"""The tests that guard the default branch: where they stand, what they need, what of it is not here. Pure."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.projects.plan import Folder
from app.projects.workflows import running
from app.projects.workflows.jobs import Job
from app.projects.workflows.kinds import Kind, kind_of, of_script
from app.projects.workflows.pytest_words import expanded
from app.projects.workflows.shell import Command, commands, parse
from app.projects.workflows.steps import TOOLCHAIN, Step
from app.projects.workflows.tasks import task_of
from app.projects.workflows.tox_env import Environment

# Jobs for other versions, machines and projects come after those that test this one as it is.
_LATER = re.compile(
    r"\bmin_|panic|abort|memray|emscripten|pyodide|wasi|pgo|[atm]san\b|debug|unstable|experimental|manager|third|integration|downstream|compat|canary|nightly|ecosystem|legacy|minim|msrv|oldest|lowest|bench|codspeed|fuzz|miri|loom"
    r"|wasm|musl|pypy|sanit|valgrind|cross|stress|smoke|release|docs?\b|lint|coverage|external|alternative|semver|packag",
    re.IGNORECASE,
)
_AS_OPTION = frozenset({"--prefix", "--cwd", "-C", "--dir", "--directory"})
_PYTHON_HERE = re.compile(r"(\bpy)\$\([^()]*\)")  # `py$(echo 3.12 | tr -d .)` is the Python here in any case
_MOST_SCRIPT = 600


@dataclass(frozen=True, kw_only=True)
class Test:
    """One test command of a workflow. `ran` as it is run here, in `folder` from the repository's root; `parts` are what
    is run before it each time; `source` says where it stands; `lacks` what its job has that a sandbox has not.
    """

    ran: running.Ran
    folder: str
    env: Mapping[str, str]
    parts: tuple[str, ...] = ()
    source: str
    job: str
    lacks: tuple[str, ...] = ()
    rank: int = 0  # 0 tests the project as it is, 1 what another job has built of it, 2 other versions or machines


@dataclass(frozen=True, kw_only=True)
class Installed:
    job: str
    folder: str
    command: Command


@dataclass(kw_only=True)
class Guards:
    """`not_here` are sentences; `versions` by job what it sets up, as `Python 3.12`."""

    tests: list[Test] = field(default_factory=list)
    installed: list[Installed] = field(default_factory=list)
    absent: dict[str, list[str]] = field(default_factory=dict)  # commands, by what they need
    not_here: list[str] = field(default_factory=list)
    versions: dict[str, list[str]] = field(default_factory=dict)
    only: dict[str, list[str]] = field(default_factory=dict)  # those of which its matrix has no others


def guards_of(root: Folder, jobs: Sequence[Job]) -> Guards:
    found = Guards()
    for job in sorted(jobs, key=_is_later):
        _Reader(root, job, found).read()
    return found


def _is_later(job: Job) -> bool:
    return bool(_LATER.search(f"{job.path.rpartition('/')[2]} {job.name}"))


class _Reader:
    """Of one job: what is built in it is built before its tests."""

    def __init__(self, root: Folder, job: Job, found: Guards) -> None:
        self._root, self._job, self._found = root, job, found
        self._built: dict[str, list[str]] = {}  # by folder
        self._lacks: list[str] = []
        self._tests: list[Test] = []

    def read(self) -> None:
        for step in self._job.steps:
            if step.version:
                self._found.versions.setdefault(self._job.said, []).append(step.version)
                if step.is_the_only:
                    self._found.only.setdefault(self._job.said, []).append(step.version)
            elif step.unclear:
                self._unclear(step)
            else:
                self._step(step)
        lacks = tuple(dict.fromkeys([*self._job.lacks, *self._lacks]))
        hard = tuple(self._job.lacks)
        if not self._job.steps and hard and not _is_later(self._job):
            self._found.absent.setdefault(hard[0], []).append(self._job.said)
        if self._tests and self._job.is_elsewhere:
            self._found.absent.setdefault(hard[0], []).append(self._job.said)
            return
        if TOOLCHAIN in hard:
            if self._tests:
                self._found.absent.setdefault(TOOLCHAIN, []).append(self._job.said)
            return
        rank = 2 if _is_later(self._job) else int(self._job.is_fed)
        self._found.tests += [
            replace(test, lacks=hard, rank=max(rank, " --ignored" in test.ran.verify)) for test in self._tests
        ]
        if self._tests and lacks and not hard:
            self._found.not_here.append(f"what needs {' and '.join(lacks)}, which {self._job.said} installs")

    def _source(self, step: Step) -> str:
        return f"`{self._job.path}`, job `{self._job.name}`, step {step.number}"

    def _unclear(self, step: Step) -> None:
        testing = (
            step.unclear == "Cypress tests" or of_script(re.sub(r"\$\{\{.*?\}\}", "x", step.unclear), self._root).name
        )
        if testing is True or testing == "test":
            self._found.not_here.append(f"{self._source(step)} is put together only while it runs")

    def _step(self, step: Step) -> None:
        script = _PYTHON_HERE.sub(r"\1", expanded(step.script, step.env))
        listed = commands(script)
        here = self._folder(step.folder)
        if listed is None:
            self._program(step, here)
            return
        parts: list[str] = []
        for place, command in _placed(step.folder, listed):
            kind = kind_of(command, self._folder(place))
            if kind.name == "prepare":
                parts.append(command.text)
            elif kind.name == "test":
                self._test(step, place, command, parts)
            elif kind.name == "absent" and (apart := _apart(command, self._folder(place))):
                self._apart(step, place, apart, parts)
            else:
                self._else(step, place, command, kind)

    def _program(self, step: Step, here: Folder) -> None:
        """Run whole, with its variables as they stand in it."""
        script, step = step.script, replace(step, filled_in=frozenset())
        kind = of_script(script, here)
        if kind.name == "absent":
            self._lacks.append(kind.lacks)
        if kind.name != "test":
            return
        if len(script) > _MOST_SCRIPT:
            self._found.not_here.append(f"{self._source(step)} is a program, too long to be shown as a command")
            return
        command = f"bash -eo pipefail -c {shlex.quote(script.strip())}"
        inner = [item for line in script.splitlines() for item in commands(line.strip()) or () if item.words]
        language = next((name for item in inner if (name := running.language_of(item))), "")
        self._add(step, step.folder, running.Ran(verify=command, language=language), ())

    def _test(self, step: Step, place: str, command: Command, parts: Sequence[str]) -> None:
        folder = self._folder(place)
        if environments := running.of_tox(command, folder, step.env):
            for environment in environments:
                self._environment(step, place, environment)
            return
        needs = tuple(running.needs_of(command, folder))
        for item in running.simpler(command, folder):
            kind = kind_of(item, folder)
            if kind.name in {"prepare", "build"} and kind.name == "prepare":
                parts = [*parts, item.text]
            elif kind.name == "test" and item.words:
                ran = running.one(item, folder, step.env)
                self._add(step, place, replace(ran, needs=(*ran.needs, *needs)), parts)

    def _environment(self, step: Step, place: str, environment: Environment) -> None:
        """Of tox, whose tests are run in the project's own environment with what they need besides."""
        groups = " ".join(f"--group {shlex.quote(name)}" for name in environment.groups)
        uv = "uv.lock" in self._folder(place).names
        needed = [f"pip install {shlex.join(environment.deps)}"] if environment.deps else []
        needed += [f"uv sync {groups}" if uv else f"pip install {groups}"] if groups else []
        for text in (*needed, *environment.commands):
            command = parse(text)
            if command is None or not command.words:
                continue
            kind = kind_of(command, self._folder(place))
            if kind.name == "install":
                self._found.installed.append(Installed(job=self._job.said, folder=place, command=command))
            elif kind.name == "test":
                ran = running.one(
                    replace(command, env={**environment.env, **command.env}), self._folder(place), step.env
                )
                self._add(step, place, ran, ())

    def _apart(self, step: Step, place: str, listed: Sequence[Command], parts: Sequence[str]) -> None:
        """A task of which a part cannot be run here: the other parts."""
        for command in listed:
            kind = kind_of(command, self._folder(place))
            if kind.name == "test":
                self._test(step, place, command, parts)
            elif kind.name == "absent":
                self._else(step, place, command, kind)

    def _add(self, step: Step, place: str, ran: running.Ran, parts: Sequence[str]) -> None:
        is_built = ran.language in {"", "JavaScript"} and not ran.verify.startswith("make ")
        built = self._built.get(place, []) if is_built else []
        env = {name: value for name, value in step.env.items() if value and name not in step.filled_in}
        if step.secrets:
            named = ", ".join(f"`{name}`" for name in dict.fromkeys(step.secrets))
            self._found.not_here.append(f"what needs {named} of {self._job.said}, which hold secrets")
        self._tests.append(
            Test(ran=ran, folder=place, env=env, parts=(*built, *parts), source=self._source(step), job=self._job.said)
        )

    def _else(self, step: Step, place: str, command: Command, kind: Kind) -> None:
        if kind.name == "install":
            folder = self._folder(place)
            for item in running.simpler(command, folder):
                self._found.installed.append(Installed(job=self._job.said, folder=place, command=item))
        elif kind.name == "build" and command.first in _BUILDERS:
            self._built.setdefault(place, []).append(command.text)
        elif kind.name == "absent" and kind.lacks == "packages of the system":
            names = [word for word in command.words if re.fullmatch(r"[a-z][a-z0-9.+-]+", word)]
            names = [word for word in names if word not in _OF_APT]
            if names:
                self._lacks.append(f"packages of the system (`{' '.join(names[:6])}`)")
        elif kind.name == "absent" and kind.tests and not _only_brings(command):
            text = " ".join(command.text.split())
            told = f"`{text[:80]}{'…' if len(text) > 80 else ''}` ({self._source(step)})"
            self._found.absent.setdefault(kind.lacks, []).append(told)

    def _folder(self, place: str) -> Folder:
        return Folder.of(self._root, place) if place else self._root


_BUILDERS = frozenset({"npm", "pnpm", "yarn", "bun", "npx", "make", "ninja"})
_OF_APT = frozenset(
    {"sudo", "apt", "apt-get", "install", "update", "upgrade", "brew", "add", "yes", "dnf", "yum", "apk", "choco",
     "snap", "pacman"}
)  # fmt: skip


def _apart(command: Command, folder: Folder) -> list[Command]:
    """The parts of a task of the project's own, where some of them test here; else none."""
    task = task_of(command, folder)
    listed = (commands(task.runs) if task and task.runs else None) or []
    return listed if any(kind_of(part, folder).name == "test" for part in listed) else []


def _only_brings(command: Command) -> bool:
    """Whether it installs or looks, so that nothing of it is missed but what comes after."""
    return bool(re.search(r"\b(install|version|login|pull|build|up|setup-buildx|update)\b|--version", command.text))


def _placed(folder: str, listed: Sequence[Command]) -> Iterator[tuple[str, Command]]:
    """Each command with the folder it runs in, from the root of the repository; `cd` counts for those after it."""
    for command in listed:
        if command.first == "cd" and len(command.words) == 2:
            folder = _joined(folder, command.words[1])
            continue
        if command.first in {"source", ".", "set", "shopt", "umask", "ulimit", "pwd", "pushd", "popd"}:
            continue
        yield _relocated(folder, command)


def _relocated(folder: str, command: Command) -> tuple[str, Command]:
    """`npm --prefix web test` is `npm test` in `web`."""
    words = list(command.words)
    if command.first not in {"npm", "yarn", "pnpm", "make", "gmake", "uv", "poetry"}:
        return folder, command
    for at, word in enumerate(words[1:], start=1):
        name, sign, value = word.partition("=")
        if name in _AS_OPTION and (sign or at + 1 < len(words)):
            value = value or words[at + 1]
            words[at : at + (1 if sign else 2)] = []
            env = " ".join(f"{name}={shlex.quote(value)}" for name, value in command.env.items())
            inner = parse(f"{env} {shlex.join(words)}")
            return (_joined(folder, value), inner) if inner else (folder, command)
    return folder, command


def _joined(folder: str, path: str) -> str:
    told = posixpath.normpath(posixpath.join(folder or ".", path))
    return "" if told in {".", ""} or told.startswith(("..", "/")) else told
