"""Packages of the same repository. An index may hold others of their names, and whoever registered those is nobody's
friend: pip is told in every command where they lie, what of them the project asks for is installed from there. Pure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from app.projects import manifests
from app.projects.homes import is_own
from app.projects.plan import Folder
from app.projects.python.metadata import Metadata

_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)")
_QUOTED = re.compile(r"""['"]([A-Za-z0-9][^'"\n]*)['"]""")
OWN = "$HOME/.config/pip/own.txt"  # the list, where pip's settings for the user name it


def neighbours(about: Metadata) -> Mapping[str, str]:
    """Paths relative to the project, by plain name; not itself. Declared members count wherever they are."""
    here, root = about.folder, about.folder.root
    homes = {path.rpartition("/")[0] for path in root.paths if path.rpartition("/")[2] in _MANIFESTS}
    homes = {home for home in homes if is_own(home)} | set(here.inside(*about.members))
    found: dict[str, str] = {}
    for home in sorted(homes - {here.path}, key=lambda home: (home.count("/"), home)):
        if name := plain(_name(_at(root, home))):
            found.setdefault(name, posixpath.relpath(home or ".", here.path or "."))
    own = plain(_name(about))
    return {name: path for name, path in found.items() if name != own}


def in_tree(about: Metadata) -> list[str]:
    """What pip is given of this repository besides the project itself: declared members, and what is asked for."""
    paths = [*about.members, *_needed(about)]
    return [word for path in paths for word in ("-e", path if path.startswith(".") else f"./{path}")]


def _needed(about: Metadata) -> tuple[str, ...]:
    """Paths of those that it asks for, and that they ask for in their turn."""
    known = neighbours(about)
    found: dict[str, None] = {}
    asking = [about, *(_at(about.folder.root, path) for path in about.folder.inside(*about.members))]
    while asking and known:
        for name in asked(asking.pop(0)):
            path = known.get(name)
            if path is not None and path not in found:
                found[path] = None
                asking.append(_at(about.folder.root, posixpath.normpath(posixpath.join(about.folder.path, path))))
    return tuple(path for path in found if path not in about.members)


def are_asked_for_by_name(about: Metadata) -> bool:
    """Whether an index would be asked for one of them, were pip not told better: it has neither path nor address."""
    known, members = neighbours(about), set(about.members)
    return any(by_name and known.get(name, ".") not in {".", *members} for name, by_name in asked(about).items())


def told(about: Metadata) -> str:
    """The command that tells pip where they are; empty where there are none."""
    known = neighbours(about)
    if not known:
        return ""
    up = posixpath.relpath(".", about.folder.path or ".")
    homes = {name: posixpath.normpath(posixpath.join(about.folder.path, path)) for name, path in known.items()}
    lines = " ".join(f'"{name} @ file://$root{_below(home)}"' for name, home in homes.items())
    settings = f'\'[install]\' "constraint = {OWN}" "build-constraint = {OWN}"'
    return (
        f"root=$(cd {up} && pwd) && mkdir -p ~/.config/pip && printf '%s\\n' {lines} > {OWN}"
        f" && printf '%s\\n' {settings} > ~/.config/pip/pip.conf"
    )


def asked(about: Metadata) -> dict[str, bool]:
    """Plain names of what it wants installed: whether an index is asked for it, and no path or address given."""
    found: dict[str, bool] = {}
    for line in (*_of_project(about), *_of_setup(about), *_of_files(about)):
        if match := _NAME.match(line):
            name = plain(match[1])
            found[name] = found.get(name, False) or "@" not in line.partition(";")[0]
    for name, value in _of_poetry(about):
        found[plain(name)] = not isinstance(value, dict) or "version" in value
    return {**found, **dict.fromkeys(map(plain, about.table("tool", "uv", "sources")), False)}


def plain(name: str) -> str:
    """As indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _at(root: Folder, home: str) -> Metadata:
    return Metadata.of(Folder.of(root, home) if home not in {"", "."} else root)


def _below(home: str) -> str:
    return "" if home == "." else "/" + quote(home)


def _name(about: Metadata) -> str:
    config = about.config
    said = about.table("project").get("name") or about.table("tool", "poetry").get("name")
    said = said or config.get("metadata", "name", fallback="")
    if not said and (match := re.search(r"""\bname\s*=\s*['"]([\w.-]+)['"]""", about.folder.text("setup.py"))):
        said = match[1]
    return said if isinstance(said, str) else ""


def _of_project(about: Metadata) -> Iterator[str]:
    yield from manifests.texts(about.table("project").get("dependencies"))
    yield from manifests.texts(about.table("build-system").get("requires"))
    yield from manifests.texts(about.table("tool", "uv").get("dev-dependencies"))
    for keys in (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
        for listed in about.table(*keys).values():
            yield from manifests.texts(listed)
    for environment in about.table("tool", "hatch", "envs").values():
        for key in ("dependencies", "extra-dependencies") if isinstance(environment, dict) else ():
            yield from manifests.texts(environment.get(key))


def _of_setup(about: Metadata) -> Iterator[str]:
    config = about.config
    yield from config.get("options", "install_requires", fallback="").splitlines()
    for section in ("options.extras_require", "testenv"):
        for _, value in config.items(section) if config.has_section(section) else ():
            yield from value.splitlines()
    yield from _QUOTED.findall(about.folder.text("setup.py"))


def _of_files(about: Metadata) -> Iterator[str]:
    names = (
        name
        for name in about.folder.paths
        if name.count("/") < 2 and re.search(r"(require|dep)[^/]*\.(txt|in)$|(^|/)requirements/", name)
    )
    for name in sorted(names):
        yield from about.folder.text(name).splitlines()


def _of_poetry(about: Metadata) -> Iterator[tuple[str, object]]:
    poetry = about.table("tool", "poetry")
    groups = (group for group in manifests.table(poetry, "group").values() if isinstance(group, dict))
    for table in (poetry, *groups):
        for key in ("dependencies", "dev-dependencies"):
            yield from manifests.table(table, key).items()
