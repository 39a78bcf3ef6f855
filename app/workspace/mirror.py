"""The mirror: one warm bare repository per project, filled under a lock by whichever worker comes first."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.errors import LamplighterError, TransientError, UserError
from app.retry import looks
from app.workspace.git import FetchRefused, GitError, run_git

MAX_BYTES = 2 * 2**30  # of a whole mirror; a bigger project needs an operator's decision
FETCH_SECONDS = 1800.0  # a full clone of 62,658 commits took 29-35 s (facts.md)
MAX_TAGS = 20_000  # the last ones by name; a busy monorepo has some thousands
LOCK_SECONDS = 1800.0  # another worker may be at its first fetch

# Attributes that would change bytes on their way out are taken back to "unspecified" (`-working-tree-encoding` is
# an error in git, `!` is not): the tree holds exactly the blobs, LFS pointers stay pointers, CRLF stays CRLF.
ATTRIBUTES = "* -text !crlf !eol !filter !ident !working-tree-encoding\n"

_SHA = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r"refs/tags/[\w.,+=@/-]{1,200}", re.ASCII)
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|^[-/]|[/.]$")


class Mirror:
    """The bare repository at `path`, of one project. Safe for several processes at once.

    Objects are only ever added while somebody works with it (sandboxes read them while others fetch): see `upkeep`.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, timeout_seconds: float = FETCH_SECONDS) -> None:
        self.path = path.absolute()
        self.max_bytes = max_bytes
        self.timeout_seconds = timeout_seconds
        self.trees: dict[str, Any] = {}  # the listing last read, kept by `tree.base_manifest`

    def git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        extra: Mapping[str, str] | None = None,
        max_output_bytes: int = 512 * 2**20,
    ) -> bytes:
        """Run a local git command in the mirror. Raises GitError, UserError when it prints too much."""
        return run_git(arguments, git_dir=self.path, stdin=stdin, extra=extra, max_output_bytes=max_output_bytes)

    def has(self, sha: str) -> bool:
        """Whether the commit is here (and with it all of its history)."""
        if not self.path.is_dir():
            return False
        try:
            self.git("cat-file", "-e", f"{sha}^{{commit}}")
        except GitError:
            return False
        return True

    def fetch(self, url: str, ref: str, token: str | None = None) -> str:
        """Bring a branch, tag, `HEAD` or commit with its full history here; returns the commit's SHA.

        `url` is https, http, `file://` or a plain path. A commit that is here already costs nothing.
        Raises UserError (no repository at a path, no commits, unknown ref, too big, damaged) and TransientError:
        FetchRefused for the server's 401, 403 and 404.
        """
        if _SHA.fullmatch(ref):
            if not self.has(ref):
                self._locked_fetch(url, [ref], token)
            return self._commit(ref)
        if _BAD_REF.search(ref) or not ref:
            raise UserError(f"`{ref[:100]!r}` is not a name git allows for a branch or tag")
        names = [ref] if ref.startswith("refs/") or ref == "HEAD" else [f"refs/heads/{ref}", f"refs/tags/{ref}"]
        return self._commit(self._locked_fetch(url, names, token))

    def _commit(self, name: str) -> str:
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
        except GitError:
            raise UserError(f"`{name}` does not name a commit") from None

    def _locked_fetch(self, url: str, names: Sequence[str], token: str | None) -> str:
        """Fetch the first of `names` that exists; returns the name it has here."""
        source, config = _source(url, token)
        with self._lock() as descriptor:
            self._prepare()
            for name in names:
                if _SHA.fullmatch(name) and self.has(name):
                    return name  # another worker brought it while this one waited
                # A flat name per ref: a branch `a` that became `a/b` upstream cannot collide here.
                here = "refs/bases/" + (
                    name if _SHA.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:40]
                )
                try:
                    self._fetch(source, f"+{name}:{here}", config, descriptor)
                except GitError as error:
                    if not _is_unknown_ref(error.stderr):
                        raise _translate(error, token) from None
                    continue
                self._note_tags(source, config)
                return here
            raise self._unknown(source, config, names, token)

    def _fetch(self, source: str, refspec: str, config: Sequence[tuple[str, str]], lock: int) -> None:
        arguments = ["fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--force", "--no-auto-maintenance"]
        if source.startswith("file://"):
            arguments.append("--update-shallow")  # a local clone may be shallow; its history is then what there is
        run_git(
            [*arguments, "--", source, refspec],
            git_dir=self.path,
            config=config,
            timeout_seconds=self.timeout_seconds,
            watch=self._too_big,
            inherit=(lock,),
        )
        if (error := self._too_big()) is not None:  # a fast one, over before the watch looked
            raise error

    def _note_tags(self, source: str, config: Sequence[tuple[str, str]]) -> None:
        """Write down where the project's tags point. Many a build makes its version number out of them.

        In a file, not as references: a tag that was moved or became a folder must not spoil a fetch.
        """
        try:
            listed = run_git(["ls-remote", "--tags", "--", source], git_dir=self.path, config=config)
            found: dict[str, str] = {}
            for line in listed.decode("ascii", "replace").splitlines():
                sha, _tab, name = line.partition("\t")
                name = name.removesuffix("^{}")  # the commit behind an annotated tag is listed after the tag itself
                if _SHA.fullmatch(sha) and _TAG.fullmatch(name) and not _BAD_REF.search(name):
                    found[name] = sha
            asked = "".join(f"{sha}\n" for sha in found.values()).encode()
            there = self.git("cat-file", "--batch-check=%(objecttype)", stdin=asked).split(b"\n")
        except (GitError, UserError):
            return  # the commit is what counts
        rows = [f"{sha} {name}\n" for (name, sha), kind in zip(found.items(), there, strict=False) if kind == b"commit"]
        fresh = self.path / "info" / "tags.new"
        fresh.write_text("".join(sorted(rows[-MAX_TAGS:])), encoding="ascii")
        os.replace(fresh, self.path / "info" / "tags")

    def tags(self) -> str:
        """The project's tags, a line "SHA refs/tags/NAME" each, as they were when something was last fetched."""
        try:
            return (self.path / "info" / "tags").read_text(encoding="ascii")
        except FileNotFoundError:
            return ""

    def _unknown(
        self, source: str, config: Sequence[tuple[str, str]], names: Sequence[str], token: str | None
    ) -> UserError | TransientError:
        try:
            listed = run_git(["ls-remote", "--heads", "--", source], git_dir=self.path, config=config)
        except GitError as error:
            return _translate(error, token)
        if not listed.strip():
            return UserError("The repository has no commits yet, so there is nothing to work on.")
        return UserError(f"`{names[0].removeprefix('refs/heads/')}` is not a branch, tag or commit of the repository.")

    def _too_big(self) -> LamplighterError | None:
        size = sum(_size(entry.path) for folder in ("pack", ".") for entry in _scan(self.path / "objects" / folder))
        if size <= self.max_bytes:
            return None
        return UserError(
            f"The repository is bigger than {self.max_bytes / 2**30:.1f} GiB, the most this installation fetches."
        )

    def _prepare(self) -> None:
        """Make the repository, or sweep up after a fetch that was killed. The lock is held."""
        if not self.path.is_dir():
            fresh = self.path.with_name(self.path.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            run_git(["init", "--quiet", "--bare", "--template=", str(fresh)], git_dir=None)
            (fresh / "info").mkdir(exist_ok=True)
            (fresh / "info" / "attributes").write_text(ATTRIBUTES, encoding="ascii")
            os.rename(fresh, self.path)
        for leftover in (
            *self.path.glob("objects/pack/tmp_*"),
            *self.path.glob("*.lock"),
            *self.path.glob("refs/bases/*.lock"),
        ):
            leftover.unlink(missing_ok=True)

    @contextmanager
    def _lock(self) -> Iterator[int]:
        """An exclusive file lock beside the mirror; git inherits it, so it also outlives a killed worker."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            for _ in looks(0.05, LOCK_SECONDS):
                with suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
            else:
                raise TransientError("another worker has been fetching this repository for too long")
            yield descriptor
        finally:
            os.close(descriptor)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


def _source(url: str, token: str | None) -> tuple[str, list[tuple[str, str]]]:
    """The address git gets and the settings that go with it. The token is for that one host only."""
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.netloc:
        if "@" in parts.netloc:
            raise UserError("A repository address must not hold a name or password.")
        if not token:
            return url, []
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        origin = f"{parts.scheme}://{parts.netloc}/"
        return url, [(f"http.{origin}.extraHeader", f"Authorization: basic {basic}")]
    if parts.scheme == "file" or (not parts.scheme and url):
        path = Path(url.removeprefix("file://")).absolute()
        if not path.exists():
            raise UserError(f"`{path}` does not exist.")
        return f"file://{path}", []
    raise UserError(f"`{parts.scheme}` addresses are not supported: use https or a path.")


def _is_unknown_ref(stderr: str) -> bool:
    return "couldn't find remote ref" in stderr or "not our ref" in stderr or "no such remote ref" in stderr


# What git prints (LC_ALL=C) → what a person reads, first match wins. Anything else may pass by itself.
_REFUSALS = (
    (r"does not appear to be a git repository|not a git repository", "There is no git repository at that address."),
    (r"dubious ownership", "The repository belongs to another user of this machine; git refuses to read it."),
    (r"(?s)fsck error|error in (?:tree|blob|commit|tag) |object of unexpected type|did not receive expected object",
     "The repository holds damaged or dangerous objects, so it was not fetched"),
)  # fmt: skip

# The server's refusals, with its status. Without a prompt git calls a 401 a name it could not read.
_NO_READ = "the repository is not there for me. Was it deleted or transferred, or taken away from the App?"
_NO_RIGHT = "the App may not read the contents of this repository. Give it `contents: read`, or lift what restricts it."
_ANSWERS = (
    (r"(?i)could not read Username|Authentication failed|returned error: 401|invalid username or token", 401,
     "GitHub answered 401 to the clone: my token was not accepted."),
    (r"(?i)returned error: 403", 403, f"GitHub answered 403 to the clone: {_NO_RIGHT}"),
    (r"(?i)repository .*not found|returned error: 404", 404, f"GitHub answered 404 to the clone: {_NO_READ}"),
)  # fmt: skip
_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded")


def _translate(error: GitError, token: str | None) -> UserError | TransientError:
    text = error.stderr.replace(token, "***") if token else error.stderr
    for pattern, message in _REFUSALS:
        if re.search(pattern, text):
            detail = re.search(r"error in .*|fsck error.*", text)
            return UserError(f"{message}: `{detail.group()[:200]}`" if detail else message)
    for pattern, status, message in _ANSWERS:
        if re.search(pattern, text):
            return FetchRefused(message, status)
    if _DISK_FULL.search(text):
        return TransientError("There is no room left on this machine's disk.")
    lines = [line for line in text.splitlines() if line.startswith(("fatal:", "error:"))]
    return TransientError(f"git could not fetch: {' '.join(lines)[:500] or text.strip()[-500:]}")
