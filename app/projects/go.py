"""Go modules: one, several side by side, several joined by a go.work. Pure."""

from __future__ import annotations

import re

from app.projects.plan import Folder, Project
from app.text.set_up import otherwise

_VENDORED = otherwise(
    "go list ./... > /dev/null", "go mod vendor", "vendor/ is not as go.mod says, so it was made again for the tests"
)

_USE = re.compile(r"^\s*use\s+(?:\(([^)]*)\)|(\S+))", re.MULTILINE)


def go(folder: Folder) -> Project | None:
    """`./...` ends where another module begins, so each module of a go.work is named."""
    if "go.work" in folder.names:
        return _workspace(folder)
    if "go.mod" not in folder.names or not any(_is_own_test(folder, path) for path in folder.paths):
        return None
    is_vendored = "vendor/modules.txt" in folder.paths
    needs = b"require" in folder.read("go.mod")
    return Project(
        folder=folder.path,
        setup=(_VENDORED if is_vendored else _downloaded("./..."),) if needs else (),
        verify=("go test -v ./...",),  # without -v it prints no counts
        language="Go",
        why="a go.mod and _test.go files",
    )


def _workspace(folder: Folder) -> Project | None:
    text = re.sub(r"//.*", "", folder.text("go.work"))
    named = [word for block in _USE.findall(text) for word in (block[0] or block[1]).split()]
    homes = [home for home in (word.strip('"').removeprefix("./").strip("/") for word in named) if home != "."]
    modules = [home for home in ("", *homes) if (f"{home}/go.mod" if home else "go.mod") in folder.paths]
    if not any(path.endswith("_test.go") for path in folder.paths) or not modules:
        return None
    packages = " ".join(f"./{home}/..." if home else "./..." for home in modules)
    return Project(
        folder=folder.path,
        setup=(_downloaded(packages),),
        verify=(f"go test -v {packages}",),
        language="Go",
        why="the modules of a go.work",
        members=folder.inside(*(home for home in modules if home)),
    )


def _downloaded(packages: str) -> str:
    """Modules that only another system needs, or that a go.work or a `replace` has here, need not be had."""
    return otherwise(
        "go mod download",
        f"GOPROXY=off go list -deps -test {packages} > /dev/null",
        "not each module of go.mod could be had, but all that the packages need here",
    )


def _is_own_test(folder: Folder, path: str) -> bool:
    if not path.endswith("_test.go"):
        return False
    parts = path.split("/")[:-1]
    above = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    return not any(f"{home}/go.mod" in folder.paths for home in above)
