"""`autofix on` and `autofix off`: whether the branch may be written to, the word that is kept, and the answer."""

from __future__ import annotations

from app.admission import autofix
from app.admission.start import RunStart
from app.checkpoints import autofix_text
from app.github import pulls
from app.github.access import Access
from app.ports.platform import Store
from app.routing.asked import Asked
from app.routing.steps import SetAutofix
from app.runs.run_ledger import RunLedger


class AutofixSwitch:
    """Keeps the word before it answers, so that whoever reads the answer can rely on it."""

    def __init__(self, store: Store, access: Access, starts: RunStart) -> None:
        self._store = store
        self._access = access
        self._starts = starts

    def turn(self, ledger: RunLedger, asked: Asked, step: SetAutofix) -> None:
        """Do it and say so, or say why not. Raises TransientError when GitHub is away."""
        thread = asked.job.thread
        if step.wish == "on":
            with self._access.asking(thread, since=asked.job.received_at) as github:
                pull = pulls.pull(github, thread.repository, thread.number)
            if reason := autofix_text.why_not(fork=pull.from_fork, is_open=pull.is_open):
                self._starts.reply(ledger, asked.job, reason, refused=True)
                return
        autofix.remember(self._store, thread, step.wish)
        self._starts.reply(ledger, asked.job, autofix_text.turned(step.wish, asked.prefix))
