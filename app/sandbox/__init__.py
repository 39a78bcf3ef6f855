"""Where hostile code runs: bubblewrap, the namespace-free jail, the egress proxy, and what both share.

keeper.py   the process tree of one command: started, watched, killed to the last process (runs alone, no imports)
bare.py     what it uses instead of modules that take long to load
process.py  the harness's side of it
local.py    one sandbox on this machine: what bubblewrap and jail have in common
bubblewrap.py, jail.py    the walls; landlock.py and seccomp.py what they are built of
files.py, walk.py, sealed.py    the tree as the harness touches it, never through a link
"""
