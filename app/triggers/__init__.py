"""Which event of GitHub asks for what, from its payload alone; every answer carries its reason. Pure."""
