"""What the demo plays: a small project with a real bug, the issue about it, the model's scripted replies. Data only.

seed.yml        the world at the start, in the format of `lamplighter simulate --seed`
issue.md        the issue the story is about; the first line is its title
replies.json    what the scripted model says, by issue; see app.agent.models.scripted
"""
