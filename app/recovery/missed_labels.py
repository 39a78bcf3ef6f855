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
from app.github.access import Access
from app.github.app import Installation
from app.github.client import GitHub
from app.github.repositories import repository
from app.github.search import Labelled, issues_with, last_labelled
from app.ports.platform import Clock, Store
from app.receive import Answer, Delivery
from app.recovery.installations_in_turn import AT_ONCE, look_through

LABEL = "agent-fix"  # other trigger labels are a repository's own affair, and nobody can search for all of them
GRACE = timedelta(minutes=15)  # deliveries that failed are found within five, and one may wait for its turn
SKEW = timedelta(minutes=5)  # between GitHub's clock and ours: rather one label too few than a run too many


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
        at_once: int = AT_ONCE,
    ) -> None:
        self._access = access
        self._store = store
        self._clock = clock
        self._secret = secret
        self._accept = accept
        self._at_once = at_once

    def sweep(self) -> int:
        """How many issues were taken in. Raises TransientError and UserError as GitHub does."""
        return look_through(self._access, self._store, self._look, name="overlooked", at_once=self._at_once)

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
