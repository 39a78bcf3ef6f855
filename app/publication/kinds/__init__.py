"""The kinds of publication, each with what it wants, how urgent that is, and how it is found, made and changed."""
