"""Which threads of a review a follow-up works on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.events.deciding import Comment, ReviewThread
from app.github.reviews import Said, Thread

_MOST = 40  # of one follow-up; what is beyond is for the next one
_COMMENTS = 10  # of a thread, the last ones
_HUNK_LINES = 12  # above the line that is spoken of


def batch(found: Iterable[Thread], obeyed: Collection[str], bot_login: str) -> list[ReviewThread]:
    """The open threads in which one of the people who are `obeyed` has spoken since we did, numbered from 1."""
    wanted = [thread for thread in found if not thread.is_resolved and _is_for_us(thread, obeyed, bot_login)]
    return [_as_kept(number, thread) for number, thread in enumerate(wanted[:_MOST], start=1)]


def _is_for_us(thread: Thread, obeyed: Collection[str], bot_login: str) -> bool:
    since: list[Said] = []
    for comment in thread.comments:
        since = [] if comment.author == bot_login.removesuffix("[bot]") and comment.is_bot else [*since, comment]
    return any(comment.author in obeyed for comment in since)


def _as_kept(number: int, thread: Thread) -> ReviewThread:
    return ReviewThread(
        number=number,
        id=thread.id,
        comment_id=thread.comments[0].id,
        path=thread.path,
        side=thread.side,
        line=thread.line,
        start_line=thread.start_line,
        original_line=thread.original_line,
        outdated=thread.is_outdated,
        hunk="\n".join(thread.hunk.splitlines()[-_HUNK_LINES:]),
        comment_ids=[said.id for said in thread.comments],
        comments=[Comment(author=said.author, body=said.body, at=said.at) for said in thread.comments[-_COMMENTS:]],
    )
