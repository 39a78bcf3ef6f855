"""Which folders a workspace's patterns name. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from app.projects.plan import Folder
from app.text import globs


def matching(folder: Folder, patterns: Iterable[str], manifest: str, *, without: Iterable[str] = ()) -> tuple[str, ...]:
    """Paths, relative to `folder`, of the folders below that hold `manifest` and are named by `patterns`; one
    that begins with `!` takes folders out again, as `without` does.
    """
    said = [pattern.strip() for pattern in patterns]
    wanted = [pattern for pattern in said if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in said if pattern.startswith("!")] + [*without]
    end = f"/{manifest}"
    homes = sorted(path.removesuffix(end) for path in folder.paths if path.endswith(end))
    return tuple(home for home in homes if _is_named(home, wanted) and not _is_named(home, unwanted))


def _is_named(home: str, patterns: Iterable[str]) -> bool:
    anchored = (globs.parse("/" + pattern.removeprefix("./").strip("/")) for pattern in patterns)
    return any(pattern is not None and pattern.matches(home, is_folder=True) for pattern in anchored)
