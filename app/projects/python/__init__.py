"""How a Python project is installed and tested, read from its metadata without running any of it. Pure."""

from __future__ import annotations

from app.checks.test_files import holds_tests, is_test_path
from app.projects.plan import Folder, Project, inside, on_path
from app.projects.python.locked import locked
from app.projects.python.metadata import Metadata
from app.projects.python.pip import by_pip
from app.projects.python.runner import one_by_one, start_folder, uses_pytest

_MANIFESTS = frozenset({"setup.py", "setup.cfg", "Pipfile", "manage.py"})
_SETTINGS = frozenset({"pyproject.toml", "tox.ini", "pytest.ini"})  # of tools, which make no package by themselves
_PACKAGES = frozenset({"pyproject.toml", "setup.py"})


def python(folder: Folder) -> Project | None:
    """None where there are no tests, or all of them are of packages in folders."""
    return _project(folder, is_loose=False)


def loose_python(folder: Folder) -> Project | None:
    """Tests in Python of which no manifest tells: what another language's manifest says comes before them. None where a
    script among that language's fixtures is all there is.
    """
    return _project(folder, is_loose=True)


def _project(folder: Folder, *, is_loose: bool) -> Project | None:
    about = Metadata.of(folder)
    nested = {path.rpartition("/")[0] for path in folder.paths if path.rpartition("/")[2] in _PACKAGES} - {""}
    tests = sorted(path for path in folder.paths if path.endswith(".py") and is_test_path(path))
    own = [path for path in tests if not any(path.startswith(f"{home}/") for home in nested)]
    has_manifest = about.is_installable or about.requirements or about.members or _MANIFESTS & folder.names
    if bool(has_manifest) is is_loose:
        return None
    if is_loose:
        is_script = not any(holds_tests(path) for path in own) and not _SETTINGS & folder.names
        tests = [] if is_script else own
    if not tests:
        return None
    plain = by_pip(about, pytest=False)
    pytest = uses_pytest(about, tests, plain.wanted)
    if not pytest and nested and not own and not about.members:
        return None  # unittest looks into no folder of theirs
    setup = by_pip(about, pytest=pytest).commands
    by_lock = locked(about, otherwise=setup)
    if pytest:
        verify, why = "python3 -m pytest", "Python tests for pytest"
    elif "manage.py" in folder.names:
        verify, why = "python3 manage.py test", "tests of a Django project"
    else:
        verify, why = f"python3 -m unittest discover{start_folder(own, folder.paths)}", "Python tests for unittest"
    first = on_path(folder.environment)
    apart = one_by_one(about, tests, pytest=pytest)
    return Project(
        folder=folder.path,
        setup=by_lock.commands if by_lock else setup,
        verify=tuple(inside(home, f"{first} {command}") for home, command in apart) or (f"{first} {verify}",),
        language="Python",
        why=f"{why}, versions from {by_lock.name}" if by_lock else why,
        members=folder.inside(*about.members, *(sorted(nested) if pytest else ())),  # pytest collects all below it
    )
