"""What a job means on its thread: what was found there, and the one rule that decides. Pure."""
