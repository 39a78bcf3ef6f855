"""Ruby, PHP, .NET, and C or C++ by CMake: one layout each, as their own tools expect it. Pure."""

from __future__ import annotations

import re
import shlex

from app.checks.test_files import holds_tests
from app.projects import manifests
from app.projects.plan import Folder, Project

BUNDLE = "BUNDLE_PATH=$HOME/bundle bundle"
COMPOSER = "composer install --no-interaction --no-progress --quiet"
_TEST_SDK = re.compile(r"Microsoft\.NET\.Test\.Sdk|Include=\"(xunit|nunit|mstest)", re.IGNORECASE)
_SAMPLES = frozenset({"fixtures", "fixture", "testdata", "examples", "example", "samples", "sample", "templates"})
_CTEST = "cmake --build $HOME/build --parallel && ctest --test-dir $HOME/build --output-on-failure --no-tests=error"
_CMAKE_TESTS = re.compile(r"^\s*(enable_testing|include\s*\(\s*CTest|add_test)\b", re.IGNORECASE | re.MULTILINE)


def ruby(folder: Folder) -> Project | None:
    if "Gemfile" not in folder.names and not any(name.endswith(".gemspec") for name in folder.names):
        return None
    has_specs = any(path.startswith("spec/") and path.endswith("_spec.rb") for path in folder.paths)
    has_tests = any(path.startswith("test/") and path.endswith(".rb") for path in folder.paths)
    if not has_specs and not ("Rakefile" in folder.names and has_tests):
        return None
    run = "rspec" if has_specs else "rake test"
    is_bundled = "Gemfile" in folder.names
    frozen = "BUNDLE_FROZEN=true " if "Gemfile.lock" in folder.names else ""
    return Project(
        folder=folder.path,
        setup=(f"{frozen}{BUNDLE} install --quiet",) if is_bundled else (),
        verify=(f"{BUNDLE} exec {run}" if is_bundled else run,),
        language="Ruby",
        why="specs for RSpec" if has_specs else "a Rakefile and tests",
    )


def php(folder: Folder) -> Project | None:
    if "composer.json" not in folder.names:
        return None
    composer = manifests.json_object(folder.read("composer.json"))
    has_config = bool(folder.names & {"phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"})
    script = "test" in manifests.table(composer, "scripts")
    if not (script or has_config) or not any(holds_tests(path) and path.endswith(".php") for path in folder.paths):
        return None
    is_pest = "pestphp/pest" in manifests.table(composer, "require-dev")
    return Project(
        folder=folder.path,
        setup=(COMPOSER,),
        verify=(f"vendor/bin/{'pest' if is_pest else 'phpunit'}" if has_config or is_pest else "composer test",),
        language="PHP",
        why="a phpunit.xml" if has_config else "a test script in composer.json",
    )


def dotnet(folder: Folder) -> Project | None:
    """From a solution, or the one project there is; only where one of the projects holds tests."""
    projects = [path for path in folder.paths if path.endswith((".csproj", ".fsproj", ".vbproj"))]
    tested = sorted(
        path for path in projects if _TEST_SDK.search(folder.text(path)) and not _SAMPLES & set(path.split("/"))
    )
    if not tested:
        return None
    solutions = sorted(name for name in folder.names if name.endswith((".sln", ".slnx")))
    is_here = bool(solutions) or any("/" not in path for path in projects)
    named = (
        [f" {solutions[0]}" if len(solutions) > 1 else ""] if is_here else [f" {shlex.quote(path)}" for path in tested]
    )
    return Project(
        folder=folder.path,
        setup=tuple(f"dotnet restore{what}" for what in named),
        verify=tuple(f"dotnet test{what} --no-restore" for what in named),
        language=".NET",
        why="a .NET solution with tests" if solutions else "a .NET project with tests",
    )


def cmake(folder: Folder) -> Project | None:
    """Built outside the tree, with all cores; whether its tests are built is often a switch, and most call it so."""
    if "CMakeLists.txt" not in folder.names:
        return None
    lists = [path for path in folder.paths if path.rpartition("/")[2] == "CMakeLists.txt"]
    if not any(_CMAKE_TESTS.search(folder.text(path)) for path in lists):
        return None
    make = "cmake -S . -B $HOME/build -DBUILD_TESTING=ON"
    return Project(
        folder=folder.path,
        setup=(make,),
        verify=(f"{make} && {_CTEST}",),
        language="C++",
        why="tests in CMakeLists.txt",
    )
