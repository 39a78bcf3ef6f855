"""Building the world before a story begins: first commits, and organisations with many repositories."""

from __future__ import annotations

from dataclasses import replace

from app.simulator.git_store import Identity
from app.simulator.people import Files
from app.simulator.records import Account
from app.simulator.state import Repository
from app.simulator.world import World


def first_commit(world: World, repo: Repository, files: Files, author: Account) -> None:
    """Put these files on the default branch, in one commit."""
    now = world.now()
    who = Identity(name=author.login, email=author.email, date=now)
    tip = repo.tip(repo.default_branch)
    stored = repo.git.commit(tip) if tip else None
    tree = repo.git.write_files(stored.tree if stored else None, files)
    parents = (tip,) if tip else ()
    sha = repo.git.write_commit(tree=tree, parents=parents, author=who, committer=who, message="Start")
    repo.git.run("update-ref", f"refs/heads/{repo.default_branch}", sha)
    repo.pushed_at = now


def copies(world: World, first: Repository, count: int) -> list[Repository]:
    """`first` and others like it, `r-2` …, `count` in all. They share one git repository: making a thousand takes a
    moment.
    """
    made = [first]
    for number in range(2, count + 1):
        copy = replace(first, id=world.next_id(), name=f"r-{number}", labels={}, threads={}, suites=[], runs=[])
        copy.statuses, copy.workflow_runs, copy.merge_groups = [], [], []
        copy.renamed, copy.moved, copy.deleted = {}, {}, set()
        copy.roles, copy.protection, copy.rules, copy.verified = {}, {}, {}, set()
        world.repositories[copy.id] = copy
        made.append(copy)
    return made
