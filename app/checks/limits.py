"""How much a change may be, and what in it a reviewer cannot read line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from app.checks.changeset import ChangedFile, ChangeSet, Finding, Rules

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


def check_limits(changeset: ChangeSet, rules: Rules) -> Iterator[Finding]:
    files = len(changeset.files)
    if files > rules.max_files:
        yield _block(f"{files} files are changed; this repository allows {rules.max_files} (`limits.files`).")
    size = sum(file.added_bytes for file in changeset.files)
    if size > rules.max_bytes:
        yield _block(f"{size:,} bytes are added; this repository allows {rules.max_bytes:,} (`limits.bytes`).")


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
    return "Locked dependencies changed." if manifest in changed else f"Changed without a change of {manifest}."


def _note(check: str, file: ChangedFile, message: str) -> Finding:
    return Finding(check=check, level="note", path=file.path, message=message)
