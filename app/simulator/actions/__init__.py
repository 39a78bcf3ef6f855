"""Changes of the state; each tells the App by a webhook, whoever made it."""
