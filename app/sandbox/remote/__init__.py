"""A sandbox in a container of its own: the client in the worker, the server in the container, and what both share.

host.py, client.py, upload.py, gate.py   the worker's side: opening, the port's methods, files going over, the way out
server.py, first_process.py, session.py   the container's side: the first process there, and what it is asked
container.py, sockets.py, spool.py, forward.py   walls without namespaces or a second uid; proof.py tries them
frames.py, tasks.py                      the channel between the two, and what the platform must bring

The container's side and all it imports are standard library only and run on Python 3.9 and later.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - the container's Python is not the product's
    # Keyword-only fields are a promise of this package to itself; 3.9 only cannot spell it.
    import dataclasses
    from typing import Any

    _dataclass = dataclasses.dataclass

    def _plain(cls: Any = None, *, kw_only: bool = False, **options: Any) -> Any:  # noqa: ARG001
        return _dataclass(cls, **options)

    dataclasses.dataclass = _plain
