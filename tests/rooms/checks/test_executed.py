"""Files that something runs by itself are named and ask for a person; their neighbours are not."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from app.checks import ChangedFile, marks
from app.checks.executed import _RUN_BY
from tests.rooms.checks.builders import added, deleted, found, modified

RUN = (
    *(
        "setup.py",
        "pkg/setup.py",
        "hatch_build.py",
        "sitecustomize.py",
        "src/x.pth",
        "conftest.py",
        "tests/conftest.py",
    ),
    *("tests/fixtures/conftest.py", "tox.ini", "noxfile.py", "tasks.py", "justfile", "Taskfile.yml", "Rakefile"),
    *("jest.config.js", ".githooks/pre-commit", ".husky/pre-push", "lefthook.yml", ".pre-commit-config.yaml"),
    *(".gitmodules", ".vscode/tasks.json", ".vscode/launch.json", ".vscode/settings.json", "app.code-workspace"),
    *(".idea/runConfigurations/x.xml", ".devcontainer/devcontainer.json", "Dockerfile", "docker/Dockerfile.dev"),
    *(
        "docker-compose.override.yml",
        "compose.yaml",
        ".npmrc",
        "pkg/.npmrc",
        "pip.conf",
        ".cargo/config.toml",
        "build.rs",
    ),
    *("gradlew", "gradlew.bat", "gradle/wrapper/gradle-wrapper.properties", "mvnw", ".mvn/wrapper/maven-wrapper.jar"),
    *("build.gradle.kts", "action.yml", "tools/action.yaml", ".github/actions/x/index.js", ".gitlab-ci.yml"),
    *(".circleci/config.yml", "Jenkinsfile", "azure-pipelines.yml", ".travis.yml", ".drone.yml", ".buildkite/p.yml"),
    *(".envrc", "flake.nix", ".github/dependabot.yml", ".yarn/releases/yarn.cjs", ".pnpmfile.cjs", "CMakeLists.txt"),
    *(".SetUp.py".removeprefix("."), ".mcp.json", ".exrc", "Vagrantfile", "bitbucket-pipelines.yml", "uv.toml"),
)


def says(*files: ChangedFile) -> list[str]:
    findings = [finding for finding in found(*files) if finding.check == "executed"]
    assert all(finding.mark == "needs-human" and finding.level == "mark" for finding in findings)
    return [f"{finding.path}: {finding.message}" for finding in findings]


def each(path: str) -> Iterable[tuple[ChangedFile, ...]]:
    """The ways in which a change can bring it: changed, new, moved there, linked there."""
    yield (modified(path, "a\n", "b\n"),)
    yield (added(path, "b\n"),)
    yield (deleted("old.txt", "b\n"), added(path, "b\n"))
    yield (added(path, b"other.txt", mode="120000"),)


@pytest.mark.parametrize("path", RUN)
def test_what_something_runs_by_itself_is_named(path):
    for files in each(path):
        (said,) = says(*files)
        assert said.startswith(f"{path}: ")
        assert said.endswith(", so a person has to read it first.")


def test_every_line_of_the_table_matches_what_it_names():
    for lines in _RUN_BY.values():
        for line in lines.split():
            assert line == line.lower()
            path = line.lstrip("/").replace("*", "x") + ("file" if line.endswith("/") else "")
            assert says(added(path)), line


@pytest.mark.parametrize(
    "path",
    [
        *(
            "docs/setup.py.md",
            "src/setup_py.py",
            "docs/dockerfiles.md",
            "tests/fixtures/setup.py",
            "testdata/Makefile",
        ),
        *("tests/test_conftest.py", "src/conftest_tools.py", "docs/action.yml.md", "src/app/tasks.py", "README.md"),
        *("tests/fixtures/.npmrc", "src/huskies.py", "src/vscode/tasks.json.ts", "src/jenkins.py", "docs/tox.md"),
        *("tests/__snapshots__/package.json", "src/builder.rs", "idea/notes.md", "src/Makefile.md", "package.json.md"),
    ],
)
def test_honest_neighbours_are_not_named(path):
    assert says(added(path, '{"scripts": {"postinstall": "x"}}\n')) == []


PACKAGE = {"name": "a", "scripts": {"test": "jest"}, "dependencies": {"left": "^1.0.0"}}


def package(**change) -> ChangedFile:
    return modified("package.json", json.dumps(PACKAGE), json.dumps({**PACKAGE, **change}))


PYPROJECT = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "a"\ndependencies = ["x>=1"]\n'
SETUP_CFG = "[metadata]\nname = a\n[options]\ninstall_requires = x\n"


def toml(text: str, path: str = "pyproject.toml") -> ChangedFile:
    return modified(path, PYPROJECT, PYPROJECT + text)


def swapped(path: str, content: str, old: str, new: str) -> ChangedFile:
    return modified(path, content, content.replace(old, new))


NPM = {
    "packages": {
        "node_modules/a": {"resolved": "https://registry.npmjs.org/a.tgz", "funding": {"url": "https://f.example"}}
    }
}
YARN = 'a@1:\n  resolved "https://registry.yarnpkg.com/a.tgz"\n'
UV = '[[package]]\nsource = { registry = "https://pypi.org/simple" }\nurl = "https://files.pythonhosted.org/a.whl"\n'
CARGO = '[[package]]\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n'


def npm_lock(resolved: str, **more) -> ChangedFile:
    both = {"packages": {**NPM["packages"], "node_modules/b": {"resolved": resolved, **more}}}
    return modified("package-lock.json", json.dumps(NPM), json.dumps(both))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            package(scripts={"test": "jest", "postinstall": "node x"}),
            "npm and the pipeline run its scripts (postinstall)",
        ),
        (package(scripts={"test": "exit 0"}), "scripts (test)"),
        (package(dependencies={"left": "git+https://x.example/left"}), "npm fetches left from elsewhere"),
        (package(dependencies={"left": "evil/left"}), "from elsewhere"),
        (package(**{"lint-staged": {"*": "sh x"}}), "tools run what it says (lint-staged)"),
        (modified("package.json", json.dumps(PACKAGE), "{"), "I cannot read it"),
        (added("package.json", json.dumps(PACKAGE)), "scripts (test)"),
        (swapped("pyproject.toml", PYPROJECT, "hatchling", "evil"), "tools run what it says (build-system)"),
        (toml("[tool.hatch.build.hooks.custom]\npath = 'x.py'\n"), "(tool.hatch.build)"),
        (toml("[tool.pytest.ini_options]\naddopts = '-p evil'\n"), "(tool.pytest)"),
        (toml("[project.entry-points.pytest11]\na = 'a:b'\n"), "(project.entry-points)"),
        (swapped("pyproject.toml", PYPROJECT, "x>=1", "x @ git+https://x.example/x"), "besides the registry"),
        (toml("[", "pyproject.toml"), "I cannot read it"),
        (
            swapped("setup.cfg", SETUP_CFG, "install_requires = x", "setup_requires = x"),
            "tools run what it says ([options])",
        ),
        (modified("setup.cfg", SETUP_CFG, SETUP_CFG + "[tool:pytest]\naddopts = -p x\n"), "([tool:pytest])"),
        (added("Makefile", "test:\n\ttrue\n"), "make runs the recipes that changed"),
        (modified("sub/GNUmakefile", "a:\n\tb\n", "a:\n"), "make runs"),
        (modified("rules.mk", "A = 1\n", "A = $(shell x)\n"), "make runs"),
        (modified("go.mod", "module a\n", "module a\nreplace b => ../b\n"), "go takes code from where"),
        (modified("composer.json", "{}", '{"scripts": {"post-install-cmd": "x"}}'), "(scripts)"),
        (modified("requirements.txt", "a\n", "a\n--index-url https://x.example\n"), "besides the registry"),
        (modified("requirements/dev.txt", "a\n", "b @ https://x.example/b.whl\n"), "besides the registry"),
        (modified("pom.xml", "<project>\n", "<project>\n<plugin>\n"), "a build runs what it adds"),
        (added(".gitattributes", "*.x filter=evil\n"), "git runs the filters and drivers"),
        (npm_lock("http://registry.npmjs.org/b.tgz"), "over http, which nothing protects"),
        (npm_lock("https://x.example/b.tgz"), "from x.example, which the base's lock does not name"),
        (npm_lock("git+ssh://git@x.example/b.git"), "from x.example"),
        (
            added("package-lock.json", json.dumps(NPM).replace("registry.npmjs.org", "x.example")),
            "no registry that I know",
        ),
        (modified("yarn.lock", YARN, YARN + YARN.replace("registry.yarnpkg.com", "x.example")), "from x.example"),
        (swapped("uv.lock", UV, "pypi.org", "x.example"), "from x.example"),
        (modified("Cargo.lock", CARGO, CARGO + 'source = "git+https://github.com/e/x"\n'), "from github.com"),
        (added("Gemfile.lock", "GEM\n  remote: https://x.example/\n"), "from x.example"),
    ],
)
def test_what_changed_inside_decides(file, words):
    (said,) = says(file)
    assert words.lower() in said.lower()


@pytest.mark.parametrize(
    "file",
    [
        package(version="2"),
        package(dependencies={"left": "^1.0.1"}),
        swapped("pyproject.toml", PYPROJECT, "x>=1", "x>=2"),
        toml("[tool.ruff]\nline-length = 99\n"),
        toml("[project.urls]\nhomepage = 'https://x.example'\n"),
        swapped("setup.cfg", SETUP_CFG, "install_requires = x", "install_requires = y"),
        modified("Makefile", "a:\n\tb\n", "# why\na:\n\tb\n"),
        modified("go.mod", "module a\n", "module a\nrequire b v1.0.0\n"),
        modified("requirements.txt", "a==1\n", "a==2  # see https://x.example\n"),
        modified("pom.xml", "<v>1</v>\n", "<v>2</v>\n"),
        added(".gitattributes", "*.sh text eol=lf\n"),
        npm_lock(
            "https://registry.npmjs.org/b.tgz", funding={"url": "https://g.example"}, deprecated="see http://x.example"
        ),
        added("package-lock.json", json.dumps(NPM)),
        added("yarn.lock", YARN),
        added("uv.lock", UV),
        added("Cargo.lock", CARGO),
        added("composer.lock", '{"packages": [{"source": {"url": "https://github.com/a/b.git"}}]}'),
    ],
)
def test_a_change_that_nothing_runs_is_not_named(file):
    assert says(file) == []


def test_workflows_stay_blocked_and_nothing_is_named_twice():
    (finding,) = [item for item in found(added(".github/workflows/x.yml")) if item.level != "note"]
    assert finding.level == "block"
    assert marks(found(added(".vscode/tasks.json"))) == {"needs-human"}
