"""Finding the projects of a repository from its files and workflows at the base commit. Nothing is run. Pure.

plan = detect(paths, read)                      # what is at the root, or else every project there is
plan = detect(paths, read, touched=changed)     # also the others that a change touches
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from app.projects.go import go
from app.projects.homes import is_manifest, is_own
from app.projects.javascript import deno, node
from app.projects.jvm import jvm
from app.projects.make import make
from app.projects.others import cmake, dotnet, php, ruby
from app.projects.plan import Folder, Plan, Project, Read
from app.projects.python import loose_python, python
from app.projects.rust import rust
from app.projects.versions import asked
from app.projects.workflows.guided import guided
from app.text.untrusted import one_line

_FINDERS: Sequence[Callable[[Folder], Project | None]] = (
    python, rust, go, jvm, node, deno, ruby, php, dotnet, cmake, loose_python, make,
)  # fmt: skip
_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "Python": (".py", ".pyi"), "JavaScript": (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".vue", ".svelte"),
    "Go": (".go",), "Rust": (".rs",), "Java": (".java",), "Kotlin": (".kt",), "Ruby": (".rb",), "PHP": (".php",),
    ".NET": (".cs", ".fs", ".vb"), "C++": (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp"),
}  # fmt: skip
_OF_JVM = frozenset({"Java", "Kotlin"})
_BUILDS = frozenset({"pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"})
_DEEPEST = 4  # folders above a project
_MOST = 6  # projects run together where the root has none; more take longer than anybody waits for
_FEW = 6  # folders in a sentence


def detect(paths: Collection[str], read: Read, *, touched: Collection[str] = (), workflows: str = "first") -> Plan:
    """The plan for a repository; `read` gives small files' contents, `touched` are the paths of a change, `workflows`
    is what the configuration says.

    The root's project comes first. Projects in folders that it does not run are left beside it, because most changes
    are none of theirs, until one touches them.
    """
    root = Folder(paths=frozenset(paths), read_at=cache(read))
    known = _by_files(root)
    not_here: tuple[str, ...] = ()
    if workflows != "never":
        found = guided(root, known, _of_language, only_unknown=workflows == "last", touched=touched)
        known, not_here = list(found.projects), found.not_here
    first = [project for project in known if not project.folder]
    others = [project for project in known if project.folder]
    owners = {_owner(path, others) for path in touched}
    meant = [project for project in others if project.folder in owners]
    chosen = [*first, *_also(root, first, [path for path in touched if not _owner(path, others)]), *meant]
    if not first:
        later = [project for project in meant if project not in others[:_MOST]]  # the others ran before it was known
        chosen = [*later, *(project for project in meant if project not in later)][:_MOST] or others[:_MOST]
        not_here = (*not_here, *_left(later[_MOST:] if meant else others[_MOST:], touched=bool(meant)))
    if not chosen:
        return replace(Plan(why="no tests that I know how to run were found"), not_here=not_here)
    plan = Plan.of(chosen, beside=dict.fromkeys(project.folder for project in others if project not in chosen))
    return replace(plan, not_here=not_here)


def _also(root: Folder, first: Sequence[Project], touched: Collection[str]) -> Iterator[Project]:
    """Projects of further languages at the root, where a change touches a file of theirs and no workflow says what of
    all that is tested.
    """
    known = {project.language for project in first}
    if not first or not touched or any(project.sources for project in first):
        return
    for project in (_of_language(root, language) for language in _SUFFIXES if language not in known):
        if project and project.verify and any(path.endswith(_SUFFIXES[project.language]) for path in touched):
            yield project


def _left(projects: Sequence[Project], *, touched: bool) -> tuple[str, ...]:
    """That these are not tested, if there are any."""
    folders = list(dict.fromkeys(project.folder for project in projects))
    named = ", ".join(f"`{one_line(folder, 80)}`" for folder in folders[:_FEW])
    more = f" and {len(folders) - _FEW} more" if len(folders) > _FEW else ""
    when = "though the change touches them" if touched else "until a change touches them"
    return (f"beyond the first {_MOST} projects, {when}: {named}{more}",) if folders else ()


def _by_files(root: Folder) -> list[Project]:
    first = _project(root)
    others = [
        project
        for path in _homes(root)
        if not (first and _runs(first, path, root)) and (project := _project(Folder.of(root, path)))
    ]
    others = [project for project in others if not any(_is_member(project, other) for other in others)]
    return [first, *others] if first else others


def _of_language(folder: Folder, language: str) -> Project | None:
    """The folder's project in one language, where it has several."""
    found = (project for find in _FINDERS if (project := find(folder)))
    return next((_asking(project, folder) for project in found if project.language == language), None)


def _project(folder: Folder) -> Project | None:
    found = (project for find in _FINDERS if (project := find(folder)) and project.verify)
    return next((_asking(project, folder) for project in found), None)


def _asking(project: Project, folder: Folder) -> Project:
    ask = asked(folder, project.language)
    return replace(project, asks=(ask,)) if ask else project


def _homes(root: Folder) -> list[str]:
    """Folders below the root that hold a manifest, the upper ones first."""
    homes = {path.rpartition("/")[0] for path in root.paths if is_manifest(path.rpartition("/")[2])}
    return sorted(
        (home for home in homes if home and home.count("/") < _DEEPEST and is_own(home)),
        key=lambda home: (home.count("/"), home),
    )


def _runs(project: Project, home: str, root: Folder) -> bool:
    """Whether the root's commands run the tests of the project at `home` as well.

    Maven and Gradle name their modules themselves.
    """
    if home in project.members:
        return True
    names = {path.rpartition("/")[2] for path in root.paths if path.rpartition("/")[0] == home}
    return project.language in _OF_JVM and bool(names & _BUILDS)


def _owner(path: str, projects: Sequence[Project]) -> str:
    """The innermost folder of a project that holds the file; "" for none."""
    holding = (project.folder for project in projects if path.startswith(f"{project.folder}/"))
    return max(holding, key=len, default="")


def _is_member(project: Project, other: Project) -> bool:
    """Whether the commands of `other`, in a folder as well, run its tests. A Go module below another is its own."""
    is_module = {project.language, other.language} <= _OF_JVM and project.folder.startswith(f"{other.folder}/")
    return project is not other and (is_module or project.folder in other.members)
