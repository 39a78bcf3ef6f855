"""How much a change may be, and what in it a reviewer cannot read line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.checks.changeset import ChangedFile, ChangeLike, ChangeSet, Finding, Rules, named

MAX_FILE_BYTES = 64 * 2**20  # what one read brings out of a sandbox; GitHub refuses a blob of 100 MB
_NAMED = 3  # of the biggest files
_LARGE_LINES = 2000  # added to one file; nobody reads that
_LOCKS = {
    "Cargo.lock": "Cargo.toml",
    "Gemfile.lock": "Gemfile",
    "Pipfile.lock": "Pipfile",
    "composer.lock": "composer.json",
    "go.sum": "go.mod",
    "npm-shrinkwrap.json": "package.json",
    "package-lock.json": "package.json",
    "pnpm-lock.yaml": "package.json",
    "poetry.lock": "pyproject.toml",
    "uv.lock": "pyproject.toml",
    "yarn.lock": "package.json",
}
_GENERATED = (".min.js", ".min.css", ".map", "_pb2.py", ".pb.go", ".snap")


def check_sizes(changes: Sequence[ChangeLike], old_sizes: Mapping[str, int], rules: Rules) -> Iterator[Finding]:
    """What counts and sizes tell before a content is read. Blocks nothing that `check_limits` would let through.

    `old_sizes` are the base's, in bytes by path; a file that grew has at least so many bytes added.
    """
    if len(changes) > rules.max_files:
        yield from _count(len(changes), rules)
        return
    present = [change for change in changes if change.kind != "delete"]
    yield from _size({change.path: change.size - old_sizes.get(change.path, 0) for change in present}, rules)
    for change in present:
        if change.size > MAX_FILE_BYTES:
            message = f"The file has {change.size:,} bytes; {MAX_FILE_BYTES:,} is the most I can put into a commit."
            yield Finding(check="limits", level="block", path=change.path, message=message)


def check_limits(changeset: ChangeSet, rules: Rules) -> Iterator[Finding]:
    yield from _count(len(changeset.files), rules)
    yield from _size({file.path: file.added_bytes for file in changeset.files}, rules)


def _count(files: int, rules: Rules) -> Iterator[Finding]:
    if files > rules.max_files:
        yield _block(f"{files:,} files are changed; this repository allows {rules.max_files:,} (`limits.files`).")


def _size(added: Mapping[str, int], rules: Rules) -> Iterator[Finding]:
    """By path how many bytes are new; the biggest are named."""
    size = sum(count for count in added.values() if count > 0)
    if size > rules.max_bytes:
        biggest = sorted(added, key=lambda path: (-added[path], path))[:_NAMED]
        most = ", ".join(f"{named(path)} {added[path]:,}" for path in biggest if added[path] > 0)
        yield _block(f"{size:,} bytes are added ({most}); this repository allows {rules.max_bytes:,} (`limits.bytes`).")


def _block(message: str) -> Finding:
    return Finding(check="limits", level="block", path="", message=message)


def check_readability(changeset: ChangeSet) -> Iterator[Finding]:
    """Binaries, lock files, generated and very long additions: said to the reviewer."""
    changed = {file.path for file in changeset.files}
    for file in changeset.files:
        if file.kind == "delete":
            continue
        name = file.path.rpartition("/")[2]
        if name in _LOCKS:
            yield _note("lock-file", file, _lock_message(file, changed))
        elif file.is_binary:
            yield _note("binary", file, f"A binary file of {file.size:,} bytes; its content cannot be reviewed here.")
        elif file.new is None:
            yield _note("huge", file, f"A file of {file.size:,} bytes, too big to be looked into.")
        elif name.endswith(_GENERATED) or any("@generated" in line for line in file.new_lines[:10]):
            yield _note("generated", file, "Looks generated; review what it is generated from.")
        elif len(file.added) > _LARGE_LINES:
            yield _note("large", file, f"{len(file.added):,} lines are added to this one file.")


def _lock_message(file: ChangedFile, changed: set[str]) -> str:
    folder, _, name = file.path.rpartition("/")
    manifest = f"{folder}/{_LOCKS[name]}" if folder else _LOCKS[name]
    return "Locked dependencies changed." if manifest in changed else f"Changed without a change of {named(manifest)}."


def _note(check: str, file: ChangedFile, message: str) -> Finding:
    return Finding(check=check, level="note", path=file.path, message=message)
