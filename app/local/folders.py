"""The layout of `LAMPLIGHTER_HOME`, private to its owner.

ledger.db            runs, events, claims, counters            (store)
heads.log            the witness: every head of every ledger   (heads)
blobs/ab/cdef…       content by SHA-256                        (blobs)
queue-NAME.db        one file per queue                        (queue)
workers/RUN/N.json   who runs attempt N of RUN                 (launcher)
logs/RUN-N.log       what that worker printed                  (launcher)
tokens.sock, .key    where workers ask for read tokens         (tokens)
"""

from __future__ import annotations

import os
from pathlib import Path

from app.errors import UserError

# Any of these says that a directory has been a home before.
OURS = {"ledger.db", "heads.log", "blobs", "workers", "logs", "tokens.lock"}


# Everything but the group's right to pass through: that bit is the mask under which a sandbox's own entry in the access
# control list lives (app.sandbox.identity), and a chmod in the middle of a run would shut the sandbox out of its tree.
_OPEN = 0o067


def private(directory: Path) -> Path:
    """`directory`, made with its parents when missing; only its owner may enter it.

    An existing directory is closed to others only when nothing of others is in it. Raises UserError.
    """
    try:
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_directory(directory.parent)
        if directory.stat().st_mode & _OPEN:
            _close(directory)
    except OSError as error:
        raise UserError(f"`{directory}` cannot be used for local state: {error.strerror or error}.") from error
    return directory


def _close(directory: Path) -> None:
    names = {entry.name for entry in directory.iterdir()}
    if names and not names & OURS:
        raise UserError(
            f"`{directory}` is open to other accounts and holds other files. Give Lamplighter a directory of its own, "
            "or close it with `chmod 700`."
        )
    directory.chmod(0o700)


def sync_directory(directory: Path) -> None:
    """Make names created in `directory` survive a power loss."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
