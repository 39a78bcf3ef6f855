"""What becomes of our pull requests: merged or closed, after how much of people's work, and whether it stands."""
