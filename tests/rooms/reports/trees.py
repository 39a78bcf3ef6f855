"""A tree of files in a sandbox without walls."""

from __future__ import annotations

from pathlib import Path

from tests.rooms.workspace.folders import FolderSandbox


def the_sandbox(folder: Path, files: dict[str, str]) -> FolderSandbox:
    tree = folder / "tree"
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
        (tree / path).chmod(0o755)
    return FolderSandbox(tree)
