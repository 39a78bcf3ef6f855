"""The proxy's door in a network namespace without routes: opened from inside, answered from outside.

The first program of a `network` command is the harness's own Python. It listens on the namespace's loopback, passes the
listening socket out and becomes the command: the harness then accepts connections that were made in there.
"""

from __future__ import annotations

import socket

from app.errors import TransientError
from app.sandbox.toolchains import PROXY_PORT

CHANNEL_FD = 5  # inside
SCRIPT = f"""\
import os, socket, sys
door = socket.socket()
door.bind(("127.0.0.1", {PROXY_PORT}))
door.listen(128)
channel = socket.socket(fileno={CHANNEL_FD})
socket.send_fds(channel, [b"door"], [door.fileno()])
channel.close()
door.close()
os.execv(sys.argv[1], sys.argv[1:])
"""
OPEN_SECONDS = 20.0  # a Python start on a busy machine


def take_door(channel: socket.socket) -> socket.socket:
    """The listening socket. Raises TransientError when it does not come."""
    channel.settimeout(OPEN_SECONDS)
    try:
        _data, fds, _flags, _address = socket.recv_fds(channel, 16, 1)
    except OSError as error:
        raise TransientError(f"the sandbox's way out did not open: {error}", retry_after_seconds=10) from error
    if not fds:
        raise TransientError("the sandbox's way out did not open", retry_after_seconds=10)
    return socket.socket(fileno=fds[0])
