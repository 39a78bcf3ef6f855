"""What people say to the bot: the grammar of `/agent …` and its verbs. Pure."""
