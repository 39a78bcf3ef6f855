"""How each test runner sums up what it did, in the text it prints."""
