"""Whether this container really confines what runs in it: tried by a command, before anything hostile comes."""

from __future__ import annotations

import sys

from app.errors import UserError
from app.sandbox.local import LocalSandbox

PROOF_SECONDS = 60.0
ANSWER = "confined"
PROOF = f"""\
import os, socket
made = socket.create_server(("127.0.0.1", 0))
assert made.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).startswith(b"lo\\0"), "sockets lead out"
socket.create_connection(made.getsockname()).close()
def refused(name, attempt):
    try:
        attempt()
    except OSError:
        return
    raise SystemExit(name + " is possible")
refused("rebinding a socket", lambda: made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"\\0"))
refused("a datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
refused("signalling everybody", lambda: os.kill(-1, 0))
refused("signalling the server", lambda: os.kill(1, 0))
refused("reading the server's memory", lambda: open("/proc/1/mem", "rb"))
refused("seeing the server's descriptors", lambda: os.listdir("/proc/1/fd"))
print({ANSWER!r})
"""


def prove(sandbox: LocalSandbox) -> None:
    """Let a command try what must not work. Raises UserError, and nothing else may run then."""
    done = sandbox.run(f"{sys.executable} -I -S - <<'END_OF_PROOF'\n{PROOF}END_OF_PROOF", timeout_seconds=PROOF_SECONDS)
    if not done.ok or done.text != f"{ANSWER}\n":
        said = done.text.strip()[-300:] or f"it ended with {done.exit_code} {done.killed_by}".strip()
        raise UserError(f"the sandbox's container cannot confine commands, so nothing runs in it: {said}")
