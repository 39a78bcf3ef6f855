"""What the client needs of the platform: sandbox tasks that start, have an address, and stop."""

from __future__ import annotations

from typing import Protocol


class SandboxTasks(Protocol):
    """Starts one sandbox server per run; on AWS a Fargate task, in tests a confined process."""

    def start(self, run_id: str, image: str, key_sha256: str) -> str:
        """Ask for a task and return its handle without waiting for it. `image` is a name of the operator's list, ""
        the default. `key_sha256` (64 hex digits) goes into its environment as LAMPLIGHTER_SANDBOX_KEY_SHA256: it
        commits to the channel's key and is no secret. Raises UserError (no such image), TransientError.
        """

    def address(self, handle: str) -> tuple[str, int]:
        """Wait until the task has an address: (host, port) of its server, which may not listen yet.

        Raises TransientError when the task stopped or does not come.
        """

    def stop(self, handle: str) -> None:
        """Stop the task. Idempotent; a task that is gone is fine."""
