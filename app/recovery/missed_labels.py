"""Labelled issues that no run took: whatever became of the delivery, the label is there and nothing happens.

Every installation is asked now and then for its open issues with the trigger label. One whose label is older than any
run of it goes through the door as the delivery that should have come: same rules, same checks. Doing it twice changes
nothing, because the label's own event gives the delivery its id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app import log
from app.errors import UserError
from app.github.access import Access
from app.github.app import Installation, installations
from app.github.client import GitHub
from app.github.repositories import repository
from app.github.search import Labelled, issues_with, last_labelled
from app.ports.platform import Clock, Store
from app.receive import Answer, Delivery

LABEL = "agent-fix"  # other trigger labels are a repository's own affair, and nobody can search for all of them
GRACE = timedelta(minutes=15)  # deliveries that failed are found within five, and one may wait for its turn
SKEW = timedelta(minutes=5)  # between GitHub's clock and ours: rather one label too few than a run too many
INSTALLATIONS = 20  # of one sweep; each costs a search, of which GitHub allows thirty a minute
CURSOR = "overlooked.cursor"  # counter: the last installation looked at


class Overlooked:
    """Looks through a few installations at each sweep, round and round."""

    def __init__(
        self,
        *,
        access: Access,
        store: Store,
        clock: Clock,
        secret: Callable[[], str],
        accept: Callable[[Delivery], Answer],
        at_once: int = INSTALLATIONS,
    ) -> None:
        self._access = access
        self._store = store
        self._clock = clock
        self._secret = secret
        self._accept = accept
        self._at_once = at_once

    def sweep(self) -> int:
        """How many issues were taken in. Raises TransientError and UserError as GitHub does."""
        cursor = self._store.add(CURSOR, 0)
        known = sorted(installations(self._access.app.client), key=lambda one: one.id)
        due = [one for one in known if one.id > cursor and not one.suspended][: self._at_once]
        taken = 0
        for installation in due:
            try:
                taken += self._look(installation)
            except UserError as error:  # removed meanwhile, or too few permissions: the next one is no worse for it
                log.event("overlooked.refused", level=log.WARNING, installation=installation.id, reason=str(error))
        reached = due[-1].id if len(due) == self._at_once else 0
        self._store.add(CURSOR, reached - cursor)
        return taken

    def _look(self, installation: Installation) -> int:
        taken, ids = 0, dict[str, int]()
        with self._access.searching(installation.id) as github:
            for repo, issue in issues_with(github, installation.account, LABEL):
                if repo not in ids:
                    ids[repo] = repository(github, repo).id
                taken += self._take(github, installation.id, repo, ids[repo], issue)
        return taken

    def _take(self, github: GitHub, installation: int, repo: str, repository_id: int, issue: Mapping[str, Any]) -> bool:
        runs = self._store.runs(thread_key=f"{repository_id}#{issue['number']}")
        if any(run.phase != "ended" or run.unpublished for run in runs):
            return False  # at work, or about to take the label off
        labelled = last_labelled(github, repo, issue["number"], LABEL)
        if labelled is None or self._clock.now() - labelled.at < GRACE:
            return False
        since = labelled.at - SKEW
        if any(run.reason != "replied" and datetime.fromisoformat(run.created_at) >= since for run in runs):
            return False
        answer = self._accept(self._delivery(installation, repo, repository_id, issue, labelled))
        log.event("overlooked.taken_in", repository=repo, number=issue["number"], status=answer.status)
        return answer.status == 202 and answer.body["decision"] == "start"

    def _delivery(
        self, installation: int, repo: str, repository_id: int, issue: Mapping[str, Any], labelled: Labelled
    ) -> Delivery:
        payload = {
            "action": "labeled",
            "label": {"name": LABEL},
            "issue": issue,
            "repository": {"id": repository_id, "full_name": repo},
            "installation": {"id": installation},
            "sender": labelled.actor,
        }
        body = json.dumps(payload, sort_keys=True).encode()
        return Delivery.signed("issues", body, secret=self._secret(), guid=f"labelled-{labelled.event_id}")
