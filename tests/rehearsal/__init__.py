"""Rehearsals: real published projects, each with a bug of its history or one of ours, worked on by the real thing.

`make rehearse` runs every case with `lamplighter run` in a local repository, and one in three also through the webhook,
dispatch, worker, sandbox and publisher to a pull request on the simulated GitHub. What the model says is written down
(the true fix, with a test); everything else is real. A case is a folder in `cases/`:

case.toml   project, versions and licence; where the archive comes from and its SHA-256; the edits of the true fix, or
            the plants that are our bug
issue.md    the bug as a user would report it; the first line is the title

cases.py    reads a case; what the model will say
projects.py the archive, by the ordinary client of its registry, as a git repository
routes.py   the two ways from an issue to a result
verdict.py  what must hold afterwards
rerun.py    the regression test once more, without Lamplighter
"""
