"""What is run to set a repository up and to test it, project by project, and where that is known from. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from app.events.configured import Configured
from app.projects.asked import Asked
from app.sandbox.upload_hosts import UPLOAD_HOSTS

_INSIDE = re.compile(r"cd ('[^']*'|[^\s']+) && \{ (.*); \}", re.DOTALL)

Read = Callable[[str], bytes]  # path → content, b"" when there is none


def on_path(environment: str) -> str:
    """The project's own environment stands first and the system's behind it, so that one command serves both."""
    return f"PATH=$HOME/{environment}/bin:$PATH"


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder of the repository, seen as the root of a project: names in it are relative to it."""

    path: str = ""  # "" is the repository's root
    paths: frozenset[str]
    read_at: Read
    within: Folder | None = None  # the repository's root, where it is not that itself
    sets_up: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # versions by name, and which job says so

    @classmethod
    def of(cls, root: Folder, path: str) -> Folder:
        start = f"{path}/"
        inside = frozenset(name.removeprefix(start) for name in root.paths if name.startswith(start))
        return cls(path=path, paths=inside, read_at=lambda name: root.read_at(start + name), within=root.root)

    @property
    def root(self) -> Folder:
        return self.within or self

    def inside(self, *names: str) -> tuple[str, ...]:
        """The names from the repository's root."""
        return tuple(f"{self.path}/{name}" if self.path else name for name in names)

    @property
    def environment(self) -> str:
        """The folder below the home where what it needs is installed; each project has one of its own."""
        return "venv" + "".join(f"-{part}" for part in re.findall(r"[A-Za-z0-9._]+", self.path))

    @cached_property
    def names(self) -> frozenset[str]:
        """Of the files directly in it."""
        return frozenset(path for path in self.paths if "/" not in path)

    def read(self, name: str) -> bytes:
        return self.read_at(name) if name in self.paths else b""

    def text(self, name: str) -> str:
        return self.read(name).decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project: commands that run in `folder`, and why these. `members` are folders whose tests it runs as well.

    Where `verify` is what guards the default branch, `sources` says of each where it stands, and `by_files` is what is
    run where none of it can be.
    """

    folder: str = ""
    setup: tuple[str, ...] = ()
    verify: tuple[str, ...]
    language: str
    why: str
    members: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    by_files: tuple[str, ...] = ()
    asks: tuple[Asked, ...] = ()
    part: int = 0  # 1 holds further commands of the same project, for a change that asks for them

    @property
    def setup_here(self) -> tuple[str, ...]:
        return tuple(inside(self.folder, command) for command in self.setup)

    @property
    def verify_here(self) -> tuple[str, ...]:
        return tuple(inside(self.folder, command) for command in self.verify)

    @property
    def without_workflows(self) -> Project:
        """As it is known by its files alone; what is set up stays."""
        return replace(self, verify=self.by_files, sources=(), by_files=(), why="its files")

    def covers(self, path: str) -> bool:
        """Whether a file belongs to it or to a member of it."""
        return not self.folder or any(path.startswith(f"{folder}/") for folder in (self.folder, *self.members))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The commands of a repository. `why` is a sentence; `verify` is empty when no tests were found.

    `projects` are those that were found, none where commands are configured; `beside` the folders of further ones
    with tests of their own, which these commands do not run. `not_here` are sentences on what guards the default branch
    and cannot be run in a sandbox.
    """

    setup: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    language: str = ""
    why: str = ""
    projects: tuple[Project, ...] = ()
    beside: tuple[str, ...] = ()
    not_here: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()  # sentences on versions that the project asks for and that are not here
    withheld: tuple[str, ...] = UPLOAD_HOSTS  # hosts that setup may not reach again once the model has changed the tree

    @classmethod
    def of(cls, projects: Iterable[Project], beside: Iterable[str] = ()) -> Plan:
        """Of several projects in a repository, in their order."""
        known = list(projects)
        tested = [project for project in known if project.verify]
        return cls(
            setup=tuple(dict.fromkeys(command for project in known for command in project.setup_here)),
            verify=tuple(command for project in known for command in project.verify_here),
            language=" and ".join(dict.fromkeys(project.language for project in tested)),
            why="; ".join(_said(project) for project in tested),
            projects=tuple(known),
            beside=tuple(beside),
        )

    def and_also(self, project: Project) -> Plan:
        """With one that was beside it."""
        wider = Plan.of([*self.projects, project], (folder for folder in self.beside if folder != project.folder))
        return replace(wider, withheld=self.withheld, not_here=self.not_here, otherwise=self.otherwise)

    def testing(self, path: str) -> tuple[str, ...]:
        """The commands of the innermost projects that have the path; all of them where nobody knows projects."""
        having = [project for project in self.projects if project.verify and project.covers(path)]
        inner = max((len(project.folder) for project in having), default=0)
        found = tuple(command for it in having if len(it.folder) == inner for command in it.verify_here)
        return found or self.verify

    @property
    def asks(self) -> tuple[Asked, ...]:
        """The versions of languages that its projects want."""
        return tuple(dict.fromkeys(ask for project in self.projects for ask in project.asks))

    @property
    def sources(self) -> Mapping[str, str]:
        """Where a command of a workflow stands, by the command."""
        return {
            command: source
            for project in self.projects
            for command, source in zip(project.verify_here, project.sources, strict=False)
        }


def inside(folder: str, command: str) -> str:
    """The command as it is run from the repository's root."""
    return f"cd {shlex.quote(folder)} && {{ {command}; }}" if folder else command


def taken_apart(command: str) -> tuple[str, str]:
    """The folder in which a command of a project is run, and the command there: the inverse of `inside`."""
    found = _INSIDE.fullmatch(command)
    return (shlex.split(found[1])[0], found[2]) if found else ("", command)


def configured(config: Configured, plan: Plan) -> Plan:
    """The plan with the repository's own `setup` and `verify` commands in place of the detected ones.

    Commands configured for a Python project whose setup was detected find its environment on the PATH.
    """
    plan = replace(
        plan, withheld=tuple(host for host in UPLOAD_HOSTS if host not in config.sandbox.network_with_change)
    )
    setup, verify = config.setup, config.verify
    if setup is None and verify is None:
        return plan
    said = " and ".join(f"`{key}`" for key in ("setup", "verify") if getattr(config, key) is not None)
    chosen = replace(
        plan, why=f"{said} as configured in `.github/lamplighter.yml`", projects=(), beside=(), not_here=()
    )
    if setup is not None:
        chosen = replace(chosen, setup=tuple(setup))
    if verify is not None:
        is_python = setup is None and plan.setup and "Python" in plan.language
        first = f"export {on_path('venv')}; " if is_python else ""
        chosen = replace(chosen, verify=tuple(first + command for command in verify))
    return chosen


def _said(project: Project) -> str:
    return f"{project.why} in `{project.folder}`" if project.folder else project.why
