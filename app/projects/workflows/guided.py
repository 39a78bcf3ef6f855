"""Projects with the tests that guard them: commands from workflows, set-up from files and what CI installs. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from app.projects.covering import about
from app.projects.plan import Folder, Project, inside
from app.projects.python.metadata import Metadata
from app.projects.python.neighbours import in_tree
from app.projects.workflows import running
from app.projects.workflows.guards import Guards, Test, guards_of
from app.projects.workflows.installs import Installs, by_pip, installs, tolerant
from app.projects.workflows.jobs import jobs
from app.projects.workflows.reading import read
from app.text.untrusted import one_line

MOST_TESTS = 6  # commands for one project; each runs before a change, after it, and to prove what it proves
_MOST_SAID = 12
_FEW = 3  # commands in a sentence
_MOST_SHOWN = 80  # characters of one there

Find = Callable[[Folder, str], Project | None]  # by language, from the files alone


@dataclass(frozen=True, kw_only=True)
class Guided:
    """`not_here` are sentences on what guards the branch and is not run in a sandbox."""

    projects: tuple[Project, ...]
    not_here: tuple[str, ...] = ()


def guided(
    root: Folder,
    known: Sequence[Project],
    find: Find,
    *,
    only_unknown: bool = False,
    touched: Collection[str] = (),
) -> Guided:
    """`known` are the projects by their files, in their order; with `only_unknown` they stay as they are. `touched` are
    the paths of a change.
    """
    there = read(root)
    found = guards_of(root, jobs(root, there))
    groups = _groups(found, known)
    made: list[Project] = []
    for home in dict.fromkeys([*(project.folder for project in known), *(home for home, _ in groups)]):
        own = [project for project in known if project.folder == home]
        tests = {language: listed for (folder, language), listed in groups.items() if folder == home}
        if not tests or (only_unknown and own):
            made += own
            continue
        for project in _of_home(root, home, own, tests, _Search(find, found, touched)):
            made += _with_members(project, root, find)
    said = dict.fromkeys([*_absent(found), *found.not_here, *there.unread])
    more = (f"{len(said) - _MOST_SAID} more of this kind",) if len(said) > _MOST_SAID else ()
    return Guided(projects=tuple(made), not_here=(*list(said)[:_MOST_SAID], *more))


def _absent(found: Guards) -> list[str]:
    ends = {
        lacks: f" and {len(what) - 1} more need" if len(what) > 1 else " needs" for lacks, what in found.absent.items()
    }
    return [f"{what[0]}{ends[lacks]} {lacks}" for lacks, what in found.absent.items()]


def _groups(found: Guards, known: Sequence[Project]) -> dict[tuple[str, str], list[Test]]:
    """The tests by the folder of their project and its language; where the command does not tell, by the files."""
    homes = {project.folder for project in known}
    groups: dict[tuple[str, str], list[Test]] = {}
    for test in found.tests:
        home = _home(test.folder, homes)
        own = next((project.language for project in known if project.folder == home), "")
        language = test.ran.language or own
        language = own if language == "Java" and own == "Kotlin" else language
        groups.setdefault((home, language), []).append(test)
    for key, tests in groups.items():
        free = [test for test in tests if not test.lacks]
        for test in (test for test in tests if test.lacks):
            if test.lacks:
                lacking = " and ".join(test.lacks)
                how = f"{test.job}, which needs {lacking}"
                found.not_here.append(
                    how if free else f"what needs {lacking} in {test.job}: its tests run here without"
                )
        groups[key] = _soonest(free or tests, found)
    return groups


def _soonest(tests: list[Test], found: Guards) -> list[Test]:
    """Those of jobs that test the project as it is, where there are any."""
    first = min(test.rank for test in tests)
    now = [test for test in tests if test.rank == first]
    later = dict.fromkeys(test.job for test in tests if test.rank > first)
    if later:
        more = f", and {len(later) - 1} more" if len(later) > 1 else ""
        found.not_here.append(f"{next(iter(later))}{more}, for other versions or in other ways")
    return now


def _home(folder: str, homes: set[str]) -> str:
    above = [home for home in homes if home and (folder == home or folder.startswith(f"{home}/"))]
    return max(above, key=len, default="")


@dataclass(frozen=True)
class _Search:
    find: Find
    found: Guards
    touched: Collection[str]


def _of_home(
    root: Folder, home: str, own: Sequence[Project], tests: dict[str, list[Test]], search: _Search
) -> list[Project]:
    folder = Folder.of(root, home) if home else root
    made: list[Project] = []
    for language, listed in tests.items():
        base = next((project for project in own if project.language == language), None)
        if sets_up := _sets_up(listed, search.found):  # which decides on its environment
            base = search.find(replace(folder, sets_up=sets_up), language) or base
        base = base or search.find(folder, language)
        if language in running.BY_FILES or (base and base.language in running.BY_FILES):
            made += [replace(base, why=f"{base.why}, tested as in {listed[0].source}")] if base else []
            continue
        base = base or Project(folder=home, verify=(), language=language or "its own commands", why="")
        made += _with_tests(base, folder, listed, search)
    return made or list(own)


def _sets_up(tests: Sequence[Test], found: Guards) -> dict[str, tuple[str, str]]:
    """Versions by the name of what they are of, with who says so; the first counts."""
    made: dict[str, tuple[str, str]] = {}
    for job in dict.fromkeys(test.job for test in tests):
        for version in found.only.get(job, []):
            name, _, text = version.partition(" ")
            made.setdefault(name, (text, job))
    return made


def _with_members(project: Project, root: Folder, find: Find) -> list[Project]:
    """The project, and members of its Cargo workspace that CI does not test, as projects of their own: without more
    words `cargo test` takes the package at the root alone, where there is one.
    """
    folder = Folder.of(root, project.folder) if project.folder else root
    is_all = any(re.search(r"cargo .*--(workspace|all)\b", command) for command in project.verify)
    if project.language != "Rust" or is_all or "[package]" not in folder.text("Cargo.toml"):
        return [project]
    said = {word.strip("./") for command in project.verify for word in re.split(r"[\s;=]+", command)}
    tested = tuple(home for home in project.members if {home, home.rpartition("/")[2]} & said)
    others = (find(Folder.of(root, home), "Rust") for home in project.members if home not in tested)
    return [replace(project, members=tested), *(other for other in others if other)]


def _with_tests(base: Project, folder: Folder, tests: Sequence[Test], search: _Search) -> list[Project]:
    """With the first of the tests; and, where a change asks for others of them, with those as a part of their own."""
    verify = _commands(base, folder, tests, search.found)
    here = {inside(base.folder, command): command for command in verify}
    asked = [here[command] for command in about(list(here), folder.root, search.touched, MOST_TESTS)]
    first = list(verify)[:MOST_TESTS]
    left = [command for command in list(verify)[MOST_TESTS:] if command not in asked]
    if left:
        named = ", ".join(f"`{one_line(command, _MOST_SHOWN)}`" for command in left[:_FEW])
        more = f" and {len(left) - _FEW} more" if len(left) > _FEW else ""
        search.found.not_here.append(f"beyond the first {MOST_TESTS} commands, what no change asks for: {named}{more}")
    if not first:
        return [base]
    chosen = _made(base, folder, {command: verify[command] for command in first}, search.found)
    if not asked:
        return [chosen]
    further = _made(base, folder, {command: verify[command] for command in asked}, search.found)
    setup = tuple(command for command in further.setup if command not in chosen.setup)
    return [chosen, replace(further, setup=setup, by_files=(), part=1)]


def _commands(base: Project, folder: Folder, tests: Sequence[Test], found: Guards) -> dict[str, Test]:
    verify: dict[str, Test] = {}
    for test in tests:
        text = running.whole((*test.parts, test.ran.verify), test.env, base.language, folder.environment, folder)
        command = inside(test.folder.removeprefix(folder.path).strip("/"), text)
        if running.is_short(command):
            verify.setdefault(command, test)
        else:
            found.not_here.append(f"{test.source} is too long to be shown as a command")
    return verify


def _made(base: Project, folder: Folder, chosen: dict[str, Test], found: Guards) -> Project:
    jobs = list(dict.fromkeys(test.job for test in chosen.values()))
    versions = dict.fromkeys(version for job in jobs for version in found.versions.get(job, []))
    rest = f", and {len(jobs) - 3} more" if len(jobs) > 3 else ""
    why = f"what guards the default branch: {', '.join(jobs[:3])}{rest}"
    return replace(
        base,
        setup=(*base.setup, *_more_setup(base, folder, list(chosen.values()), found)),
        verify=tuple(chosen),
        why=f"{why}, there with {', '.join(versions)}" if versions else why,
        sources=tuple(test.source for test in chosen.values()),
        by_files=base.verify,
    )


def _more_setup(base: Project, folder: Folder, tests: Sequence[Test], found: Guards) -> list[str]:
    """What the same jobs install, and what the tests' own commands need. Nothing twice."""
    meant = {test.job for test in tests}
    listed = [item.command for item in found.installed
              if item.job in meant and (item.folder == folder.path or not folder.path)]  # fmt: skip
    theirs = installs(listed, folder)
    made = list(theirs.others)
    if base.language == "Python":
        made += _python(base, folder, tests, theirs)
    made += [tolerant(command, "what its tests run in") for test in tests for command in test.ran.setup]
    known = "\n".join(base.setup)
    return [command for command in dict.fromkeys(made) if command not in known]


def _python(base: Project, folder: Folder, tests: Sequence[Test], theirs: Installs) -> list[str]:
    environment = folder.environment
    made: list[str] = []
    if "uv.lock" in folder.names:
        flags = dict.fromkeys([*theirs.sync, *(test.ran.sync for test in tests if test.ran.sync)])
        place = f"$HOME/{environment}"
        home = (
            f"UV_PROJECT_ENVIRONMENT={place} UV_PYTHON_DOWNLOADS=never UV_PYTHON={place}/bin/python3"
            " ~/tools/bin/uv sync --quiet --frozen --inexact"
        )
        made += [tolerant(f"{home} {shlex.join(given)}", "a group or an extra") for given in flags if given]
    if "poetry.lock" in folder.names:
        home = f"VIRTUAL_ENV=$HOME/{environment} ~/tools/bin/poetry install --no-interaction --quiet"
        made += [tolerant(f"{home} {shlex.join(given)}", "a group or an extra") for given in theirs.poetry if given]
    known = " ".join(base.setup).replace("'", "")
    own = in_tree(Metadata.of(folder))  # again with each, or pip would put copies in their place
    made += [
        by_pip(environment, [*own, *given]) for given in theirs.python if " ".join(given).removesuffix(".") not in known
    ]
    needs = list(dict.fromkeys(need for test in tests for need in test.ran.needs))
    is_new = not base.setup and any("-m pytest" in test.ran.verify for test in tests)
    needs = [need for need in (["pytest"] if is_new else []) + needs if need not in known.split()]
    return [*made, *([by_pip(environment, [*own, *needs])] if needs else [])]
