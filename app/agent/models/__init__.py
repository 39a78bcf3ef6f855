"""Who answers: Claude over the Messages API, or a script; and what both hold to."""
