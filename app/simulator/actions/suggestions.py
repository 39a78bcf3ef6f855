"""Suggestions in comments on lines: a block of text that stands for the lines the comment is about."""

from __future__ import annotations

import re

from app.simulator import review_places
from app.simulator.actions import git
from app.simulator.http import ApiError
from app.simulator.records import Account
from app.simulator.state import ReviewComment
from app.simulator.world import World

_BLOCK = re.compile(r"^```suggestion[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def apply(world: World, actor: Account, comment: ReviewComment) -> str:
    """Commit a suggestion to the branch, with its author named; answers the SHA.

    Raises the 422 where there is none, or its lines have changed since.
    """
    block, now, pull = _BLOCK.search(comment.body), review_places.now(comment), comment.pull
    content = pull.repository.file(pull.head_sha, comment.path)
    if block is None or now is None or now.line is None or content is None or pull.head_repository is None:
        raise ApiError(422, "Suggestion cannot be applied")
    lines = content.decode().splitlines(keepends=True)
    lines[(now.start_line or now.line) - 1 : now.line] = [block[1]]
    who = comment.user
    message = f"Update {comment.path}\n\nCo-authored-by: {who.login} <{who.email}>"
    return git.push(world, actor, pull.head_repository, pull.head, {comment.path: "".join(lines)}, message=message)
