"""What we decide, and why: commands, policy, repository configuration, admission. Pure: facts in, values out."""
