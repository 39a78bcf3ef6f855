"""What travels between the door and dispatch, and how it is taken in and kept."""
