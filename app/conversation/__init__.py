"""What people say to runs that exist, and what the bot answers outside its checkpoints."""
