"""Cargo packages and workspaces. Pure."""

from __future__ import annotations

from app.projects import manifests
from app.projects.members import matching
from app.projects.plan import Folder, Project
from app.text.set_up import otherwise

_STALE = "Cargo.lock is not up to date, so it was brought up to date for the tests"


def rust(folder: Folder) -> Project | None:
    """Every member of a workspace is tested: by itself `cargo test` takes the root package alone, if there is one."""
    if "Cargo.toml" not in folder.names:
        return None
    cargo = manifests.toml(folder.read("Cargo.toml"))
    locked = " --locked" if "Cargo.lock" in folder.names else ""
    is_workspace = isinstance(cargo.get("workspace"), dict)
    wide = " --workspace" if is_workspace else ""
    listed = manifests.table(cargo, "workspace")
    members = matching(
        folder, manifests.texts(listed.get("members")), "Cargo.toml", without=manifests.texts(listed.get("exclude"))
    )
    return Project(
        folder=folder.path,
        setup=(otherwise("cargo fetch --locked", "cargo fetch", _STALE) if locked else "cargo fetch",),
        verify=(f"cargo test --offline --no-fail-fast{locked}{wide}",),
        language="Rust",
        why="a Cargo workspace" if is_workspace else "a Cargo.toml",
        members=folder.inside(*members),
    )
