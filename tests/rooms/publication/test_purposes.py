"""With which token each kind of thing is written, and what that token may do."""

from __future__ import annotations

from app.github.access import WRITE
from app.publication.projection import KINDS

TOKENS = {
    "Reaction": "talking",
    "Branch": "proposing",
    "Commit": "proposing",
    "Patch": "offering",
    "MergeCommit": "proposing",
    "Pull": "proposing",
    "Ready": "proposing",
    "Check": "checking",
    "GroupCheck": "checking",
    "DiagnosisCheck": "checking",
    "Rerun": "rerunning",
    "Undone": "proposing",
    "Unfinished": "proposing",
    "UndoReply": "talking",
    "WorkCheck": "checking",
    "People": "proposing",
    "Diagnosis": "talking",
    "RedIssue": "talking",
    "GreenAgain": "talking",
    "RedFix": "talking",
    "Reply": "talking",
    "Status": "talking",
    "Question": "talking",
    "Reminder": "talking",
    "ThreadReply": "talking",
    "ThreadResolved": "proposing",
    "Result": "talking",
    "Labels": "talking",
}


def test_every_kind_takes_the_token_of_its_purpose() -> None:
    assert {kind.__name__: kind.purpose for kind in KINDS} == TOKENS


def test_a_token_writes_what_its_purpose_names_and_nothing_else() -> None:
    writes = {purpose: {name for name, level in may.items() if level == "write"} for purpose, may in WRITE.items()}
    assert writes == {
        "talking": {"issues", "pull_requests"},
        "offering": {"issues", "pull_requests"},
        "checking": {"checks"},
        "rerunning": {"actions"},
        "proposing": {"contents", "issues", "pull_requests"},
    }
