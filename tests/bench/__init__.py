"""`make bench`: ratios against bare floors, all of one run, both sides measured in turns on the same machine.

measure.py, table.py, machine.py, processes.py    how it is measured and shown
door, first_call, steps, memory, tokens, eight, commands    a module for each line of the issue, with its `rows`
subjects/    what runs in processes of its own: the floors, and our side where it needs a fresh interpreter
"""
