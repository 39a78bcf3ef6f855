"""Refs of a bare repository: read from the files, written through git."""

from __future__ import annotations

from app.simulator.git_store import SHA, GitError, GitStore

ZERO = "0" * 40


def read_refs(git: GitStore, prefix: str = "refs/") -> dict[str, str]:
    """Every ref whose full name begins with `prefix`, sorted by name."""
    found = {name: sha for name, sha in _packed(git).items() if name.startswith(prefix)}
    root = git.path / "refs"
    for path in root.rglob("*"):
        name = path.relative_to(git.path).as_posix()
        if name.startswith(prefix) and not name.endswith(".lock") and path.is_file():
            found[name] = path.read_text().strip()
    return dict(sorted(found.items()))


def read_ref(git: GitStore, name: str) -> str | None:
    """Where one ref (full name) points."""
    path = git.path / name
    if ".." not in name and path.is_file():
        return path.read_text().strip()
    return _packed(git).get(name)


def _packed(git: GitStore) -> dict[str, str]:
    path = git.path / "packed-refs"
    lines = path.read_text().splitlines() if path.is_file() else []
    parted = (line.partition(" ") for line in lines)
    return {name: sha for sha, _, name in parted if SHA.fullmatch(sha)}


def write_ref(git: GitStore, name: str, sha: str) -> None:
    """Create or move a ref.

    Raises `GitError` for a name git does not allow.
    """
    git.run("update-ref", name, sha)


def note_ref(git: GitStore, name: str, sha: str) -> None:
    """Write a ref whose name is known to be good, without asking git."""
    path = git.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{sha}\n")


def delete_ref(git: GitStore, name: str) -> None:
    """Remove a ref."""
    git.run("update-ref", "-d", name)


def resolve(git: GitStore, revision: str) -> str | None:
    """The commit a branch, tag, `heads/x`, full ref name or SHA stands for."""
    for candidate in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}"):
        if candidate.startswith("refs/") and (sha := read_ref(git, candidate)) is not None:
            found = git.read(sha)
            return _peeled(git, sha) if found is not None and found[0] == "tag" else sha
    if SHA.fullmatch(revision):
        found = git.read(revision)
        return revision if found is not None and found[0] == "commit" else None
    return _peeled(git, revision) if revision and not revision.startswith("-") else None


def _peeled(git: GitStore, revision: str) -> str | None:
    try:
        return (
            git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
        )
    except GitError:
        return None
