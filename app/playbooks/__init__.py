"""Kinds of work: one record and one prompt each. A file in this folder that has a PLAYBOOK is one.

Found by listing the folder, so that a new kind is its own file and nothing else; at the door that takes 0.1 ms.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from app.playbooks.playbook import Playbook


def _found() -> Iterator[Playbook]:
    names = {name.partition(".")[0] for name in os.listdir(os.path.dirname(__file__)) if name.endswith((".py", ".pyc"))}
    for name in sorted(names - {"__init__"}):
        module = __import__(f"{__name__}.{name}", fromlist=[name])
        if hasattr(module, "PLAYBOOK"):
            yield module.PLAYBOOK


PLAYBOOKS: Mapping[str, Playbook] = {book.name: book for book in _found()}
NONE = Playbook(name="", does="Nothing: no file here has its name.", worked_by="nobody")

ONBOARD, REHEARSE, REPLY = PLAYBOOKS["onboard"], PLAYBOOKS["rehearse"], PLAYBOOKS["reply"]
BY_VERB: Mapping[str, Playbook] = {verb.name: book for book in PLAYBOOKS.values() for verb in book.verbs}
DIAGNOSES = PLAYBOOKS["diagnose"]
BY_LABEL = next(book for book in PLAYBOOKS.values() if book.by_label)
BY_CHECKS = next(book for book in PLAYBOOKS.values() if book.by_checks)
BY_BASE = next(book for book in PLAYBOOKS.values() if book.merges_base)
BY_WORDS = next(book for book in PLAYBOOKS.values() if book.by_words)
LABEL_VERB = BY_LABEL.verbs[0].name  # which says the same as the label
CONFIGURABLE = tuple(book for book in PLAYBOOKS.values() if book.worked_by == "worker")


def playbook(name: str) -> Playbook:
    """That of a run's first event; NONE for a name that is none."""
    return PLAYBOOKS.get(name, NONE)
