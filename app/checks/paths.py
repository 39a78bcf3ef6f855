"""Where a change may reach: protected paths, and names or links that mean something else on another machine. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from app.checks.changeset import ChangedFile, ChangeSet, Finding, Level, Rules, named
from app.text.globs import Pattern, parse

# GitHub refuses a push that touches these without the `workflows` permission, which is never asked for.
_WORKFLOWS = parse(".github/workflows/")
# What steers agents and who reviews. What pipelines and tools run is in `app.checks.executed`.
_STEERING_LINES = (
    ".github/lamplighter.yml",
    ".github/lamplighter.yaml",
    "codeowners",
    "agents.md",
    "claude.md",
)
_STEERING = [pattern for line in _STEERING_LINES if (pattern := parse(line)) is not None]
_MODES = {"100644", "100755", "120000"}
_WINDOWS = re.compile(r"(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_WINDOWS_CHARACTERS = re.compile(r'[<>:"|?*\\]|[ .]$')
_MAX_PATH = 4096  # PATH_MAX; GitHub refuses longer ones


def check_protected(changeset: ChangeSet, rules: Rules) -> Iterator[Finding]:
    """Workflows and the repository's `protect` block; what steers the bot asks for a person."""
    assert _WORKFLOWS is not None
    protected = [(line, pattern) for line in rules.protect if (pattern := parse(line)) is not None]
    for file in changeset.files:
        lower = file.path.lower()
        own = _verdict(file.path, protected)
        if _WORKFLOWS.covers(lower):
            yield _finding("workflow", file, "block", "Files under .github/workflows are never changed by this bot.")
        elif own:
            yield _finding(
                "protected", file, "block", f"`protect` in .github/lamplighter.yml covers it ({named(own)})."
            )
        elif any(pattern.covers(lower) for pattern in _STEERING):
            message = "It steers agents or reviews, so a person has to look at it first."
            yield _finding("steering", file, "mark", message, mark="needs-human")


def _verdict(path: str, protected: list[tuple[str, Pattern]]) -> str:
    """The pattern that protects `path`; the last that matches decides, so `!` makes an exception."""
    for line, pattern in reversed(protected):
        if pattern.covers(path):
            return "" if pattern.negated else line
    return ""


def check_names(changeset: ChangeSet) -> Iterator[Finding]:
    """Names, kinds of file and links that could reach beyond the tree or cannot exist everywhere.

    Only what is new is held against the rules of names: a folder that stands in the repository already, however it is
    spelled, may have a new file in it.
    """
    gone = {file.path for file in changeset.files if file.kind == "delete"}
    standing = _Standing(path for path in changeset.base_paths if path not in gone)
    for file in sorted(changeset.files, key=lambda file: file.path):
        problem = _unsafe(file.path)
        if not problem and file.kind == "add":
            problem = standing.problem(file.path)
            standing.add(file.path)
        problem = problem or _kind_problem(file, changeset)
        if problem:
            yield _finding("path", file, "block", problem)
        elif file.is_link:
            yield _finding("link", file, "note", f"A symbolic link to {_shown(file.new)}.")
    yield from _file_and_folder(changeset, gone)


def _unsafe(path: str) -> str:
    """What no path may be, new or old."""
    parts = path.split("/")
    if not path or path.startswith("/") or len(path.encode("utf-8", "surrogateescape")) > _MAX_PATH:
        return "The path is empty, absolute or too long."
    if any(part in {"", ".", ".."} for part in parts):
        return "The path has an empty, `.` or `..` part."
    if any(_is_dot_git(part) for part in parts):
        return "The path has a part that some system takes for `.git`."
    try:
        path.encode()
    except UnicodeEncodeError:
        return "The path is not UTF-8, which GitHub's interface cannot express."
    return ""


def _is_dot_git(part: str) -> bool:
    """Also as macOS (ignorable characters) and Windows (short names, streams, trailing dots) see it."""
    plain = "".join(char for char in part if unicodedata.category(char) != "Cf").lower()
    return plain.split(":")[0].rstrip(" .") in {".git", "git~1"}


class _Standing:
    """The names that stand, files and folders, each in every spelling that occurs: twins are no news."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._spellings: dict[str, list[str]] = {}
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """The path and the folders above it."""
        while path and path not in self._names:
            self._names.add(path)
            self._spellings.setdefault(_form(path), []).append(path)
            path = path.rpartition("/")[0]

    def problem(self, path: str) -> str:
        """Why the first name of `path` that does not stand yet may not be made; empty when all may."""
        parts = path.split("/")
        for depth, part in enumerate(parts, start=1):
            here = "/".join(parts[:depth])
            if here in self._names:
                continue
            if twins := self._spellings.get(_form(here)):
                return f"It differs from {named(min(twins))} only in case or Unicode form."
            if why := _unportable(part):
                return why
        return ""


def _unportable(part: str) -> str:
    """Why a new name of one file or folder cannot exist everywhere."""
    if re.search(r"[\x00-\x1f\x7f]", part):
        return "The path has a control character."
    if _WINDOWS.fullmatch(part) or _WINDOWS_CHARACTERS.search(part):
        return "Windows cannot hold a file of that name."
    return "" if unicodedata.is_normalized("NFC", part) else "The name is not in composed Unicode form (NFC)."


def _form(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _kind_problem(file: ChangedFile, changeset: ChangeSet) -> str:
    if any(file.path == module or file.path.startswith(module + "/") for module in changeset.submodules):
        return "It lies in a submodule, which is another repository."
    if file.kind != "delete" and file.mode not in _MODES:
        return f"Mode {file.mode} is neither a file nor a link."
    return _link_problem(file) if file.is_link else ""


def _link_problem(file: ChangedFile) -> str:
    """A target is judged by its text alone: it has to stay in the tree on every machine."""
    if file.new is None:
        return "The link's target is not known."
    target = file.new.decode("utf-8", "replace")
    if not target or target.startswith("/") or "\\" in target or "\0" in target or re.match(r"[A-Za-z]:", target):
        return "The link's target is absolute, empty or not a plain path."
    at = file.path.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            if not at:
                return "The link leads out of the repository."
            at.pop()
        elif step not in {"", "."}:
            at.append(step)
    return "The link leads into `.git`." if any(_is_dot_git(part) for part in at) else ""


def _file_and_folder(changeset: ChangeSet, gone: set[str]) -> Iterator[Finding]:
    """No path may be a file and a folder at once."""
    there = (changeset.base_paths - gone) | {file.path for file in changeset.files if file.kind != "delete"}
    folders = {above for path in there for above in _above(path)}
    for file in changeset.files:
        if file.kind != "add":
            continue
        if clash := next((path for path in _above(file.path) if path in there), ""):
            yield _finding("path", file, "block", f"{named(clash)} is a file or a link, so nothing can stand below it.")
        if file.path in folders:
            yield _finding("path", file, "block", "It is a folder with files in it, so it cannot be a file as well.")


def _above(path: str) -> list[str]:
    """The folders a path lies in, the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _shown(target: bytes | None) -> str:
    return ascii((target or b"").decode("utf-8", "replace")[:200])


def _finding(check: str, file: ChangedFile, level: Level, message: str, *, mark: str = "") -> Finding:
    return Finding(check=check, level=level, path=file.path, message=message, mark=mark)
