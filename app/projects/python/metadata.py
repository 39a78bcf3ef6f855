"""What a Python project says of itself: pyproject.toml, setup.cfg, tox.ini, requirements. Pure."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.projects import manifests
from app.projects.members import matching
from app.projects.plan import Folder

TESTS = ("test", "tests", "testing")
DEVELOPMENT = ("dev", "develop", "development")
# What the project needs, then what its tests need; what its developers need only where nothing speaks of tests.
_REQUIREMENTS = ("requirements.txt",)
_FOR_TESTS = (
    "requirements-test.txt",
    "requirements_test.txt",
    "test-requirements.txt",
    "test_requirements.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
)
FOR_DEVELOPERS = (
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "dev_requirements.txt",
    "requirements/dev.txt",
)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """`project` is pyproject.toml, `config` setup.cfg and tox.ini over one another; `requirements` are files."""

    folder: Folder
    project: Mapping[str, Any]
    config: configparser.ConfigParser
    requirements: tuple[str, ...]
    members: tuple[str, ...]  # of its workspace, and other folders it takes as packages; relative to its own

    @classmethod
    def of(cls, folder: Folder) -> Metadata:
        project = manifests.toml(folder.read("pyproject.toml"))
        if "hatch.toml" in folder.names:  # Hatch's own, in place of its part of pyproject.toml
            tools = {**manifests.table(project, "tool"), "hatch": manifests.toml(folder.read("hatch.toml"))}
            project = {**project, "tool": tools}
        return cls(
            folder=folder,
            project=project,
            config=manifests.ini(folder.read(name) for name in ("setup.cfg", "tox.ini") if name in folder.names),
            requirements=tuple(_requirements(folder.paths)),
            members=tuple(_members(folder, project)),
        )

    def table(self, *keys: str) -> Mapping[str, Any]:
        return manifests.table(self.project, *keys)

    @property
    def is_installable(self) -> bool:
        built = "build-system" in self.project or "project" in self.project or bool(self.table("tool", "poetry"))
        return "setup.py" in self.folder.names or built or self.config.has_option("metadata", "name")

    @property
    def is_package(self) -> bool:
        """Whether it is installed itself, and not only what it needs, as tools call it."""
        said = (self.table("tool", "poetry").get("package-mode"), self.table("tool", "uv").get("package"),
                self.table("tool", "pdm").get("distribution"))  # fmt: skip
        return self.is_installable and False not in said

    @property
    def may_be_no_package(self) -> bool:
        """Whether it does not say how it is built: often an application in several folders, none of them a package."""
        is_old = "setup.py" in self.folder.names or self.config.has_option("metadata", "name")
        return "project" in self.project and "build-system" not in self.project and not is_old

    @property
    def extras(self) -> list[str]:
        """Names of extras that hold what the tests need: all that speak of tests, else one for development."""
        names = set(self.table("project", "optional-dependencies")) | set(self.table("tool", "poetry", "extras"))
        if self.config.has_section("options.extras_require"):
            names |= set(self.config.options("options.extras_require"))
        script = self.folder.text("setup.py")
        if "extras_require" in script:
            names |= set(re.findall(r"""['"](\w+)['"]\s*:""", script))
            names |= set(re.findall(r"""extras\w*\[['"](\w+)['"]\]""", script))
        return chosen(names)

    @property
    def groups(self) -> list[str]:
        """Names of dependency groups (PEP 735) that hold what the tests need, as with extras."""
        return chosen(self.table("dependency-groups"))

    def group(self, name: str, above: tuple[str, ...] = ()) -> list[str]:
        """The requirements of a dependency group, with the groups it includes."""
        found: list[str] = []
        listed = self.table("dependency-groups").get(name)
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
                inner = item["include-group"]
                if inner not in above and inner != name:
                    found += self.group(inner, (*above, name))
        return found


def chosen(names: Iterable[str]) -> list[str]:
    """Those for tests; where there are none, the first for development; never what only documents or lints."""
    known = set(names)
    return [name for name in TESTS if name in known] or [name for name in DEVELOPMENT if name in known][:1]


def _requirements(paths: frozenset[str]) -> list[str]:
    found = [name for name in _FOR_TESTS if name in paths] or [name for name in FOR_DEVELOPERS if name in paths]
    return [name for name in _REQUIREMENTS if name in paths] + found


def _members(folder: Folder, project: Mapping[str, Any]) -> list[str]:
    """Folders of this repository that are packages of their own and that the project wants by name: the index may have
    others of these names, which must never be taken for them.
    """
    workspace = manifests.table(project, "tool", "uv", "workspace")
    without = manifests.texts(workspace.get("exclude"))
    found = list(matching(folder, manifests.texts(workspace.get("members")), "pyproject.toml", without=without))
    sources = [
        *manifests.table(project, "tool", "uv", "sources").values(),
        *manifests.table(project, "tool", "poetry", "dependencies").values(),
        *(
            source
            for group in manifests.table(project, "tool", "poetry", "group").values()
            if isinstance(group, dict)
            for source in manifests.table(group, "dependencies").values()
        ),
    ]
    for source in sources:
        path = source.get("path") if isinstance(source, dict) else None
        home = path.removeprefix("./").strip("/") if isinstance(path, str) else ""
        if home and {f"{home}/pyproject.toml", f"{home}/setup.py"} & folder.paths:
            found.append(home)
    return list(dict.fromkeys(found))
