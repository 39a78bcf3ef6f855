"""Git over HTTP: fetching with an installation token; pushing is refused, always."""

from __future__ import annotations

import gzip
import subprocess
import tempfile
from collections.abc import Iterator

from app.simulator import auth
from app.simulator.git_store import quiet_environment
from app.simulator.http import ApiError, Request
from app.simulator.state import Repository
from app.simulator.world import World

SERVICE = "git-upload-pack"
CHUNK_BYTES = 64 * 1024
REALM = {"WWW-Authenticate": 'Basic realm="GitHub"'}


def readable(world: World, request: Request, full_name: str) -> Repository:
    """The repository, when the credential may read its contents.

    Raises the 401, 403 or 404 a git client understands.
    """
    value = auth.bearer(request)
    if value is None:
        raise ApiError(401, "Authentication required", headers=REALM)
    try:
        token = auth.valid_token(world, value)
    except ApiError as error:
        raise ApiError(error.status, "Invalid username or token.", headers=REALM) from None
    repo = world.find_repository(full_name)
    if not auth.covers(world, token, repo):
        raise ApiError(404, "Repository not found.")
    if not auth.grants(token, "contents", "read"):
        raise ApiError(403, "Resource not accessible by integration")
    return repo


def advertise(world: World, request: Request, full_name: str) -> Iterator[bytes]:
    """What `GET info/refs?service=git-upload-pack` answers.

    Raises the 403 for pushing and for the dumb protocol.
    """
    if request.query.get("service") != SERVICE:
        raise ApiError(403, "The simulated GitHub takes no pushes: the product writes through the Git Data API.")
    with world.lock:
        repo = readable(world, request, full_name)
    line = f"# service={SERVICE}\n"
    head = f"{len(line) + 4:04x}{line}0000".encode()
    return _answered(repo, request, ["--advertise-refs"], b"", head)


def upload_pack(world: World, request: Request, full_name: str) -> Iterator[bytes]:
    """What `POST git-upload-pack` answers."""
    with world.lock:
        repo = readable(world, request, full_name)
    body = gzip.decompress(request.body) if request.headers.get("content-encoding") == "gzip" else request.body
    return _answered(repo, request, [], body, b"")


def _answered(repo: Repository, request: Request, flags: list[str], body: bytes, head: bytes) -> Iterator[bytes]:
    environment = quiet_environment()
    if protocol := request.headers.get("git-protocol"):
        environment["GIT_PROTOCOL"] = protocol
    command = ["git", "upload-pack", "--stateless-rpc", *flags, str(repo.git_dir)]
    with tempfile.TemporaryFile() as stdin:
        stdin.write(body)
        stdin.seek(0)
        process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
    return _chunks(process, head)


def _chunks(process: subprocess.Popen[bytes], head: bytes) -> Iterator[bytes]:
    assert process.stdout is not None
    with process:
        if head:
            yield head
        while chunk := process.stdout.read(CHUNK_BYTES):
            yield chunk
