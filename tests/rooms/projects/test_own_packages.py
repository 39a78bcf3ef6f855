"""No package from an index under the name of one that lies in the repository."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.projects import Plan, detect
from app.projects.package_managers import Manager

TEST = "import unittest"
# Builds without a network: a wheel whose `.pth` names the folder, or one that holds a copy of its modules.
BACKEND = """
import hashlib, base64, os, tomllib, zipfile
ABOUT = tomllib.load(open("pyproject.toml", "rb"))
NAME = ABOUT["project"]["name"].replace("-", "_")
NEEDS = [*ABOUT["project"].get("dependencies", []), *ABOUT.get("computed", {}).get("dependencies", [])]
def _wheel(folder, files):
    about = f"{NAME}-1.0.dist-info"
    meta = f"Metadata-Version: 2.1\\nName: {NAME}\\nVersion: 1.0\\n" + "".join(f"Requires-Dist: {n}\\n" for n in NEEDS)
    files[f"{about}/METADATA"] = meta
    files[f"{about}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{about}/RECORD"] = "".join(f"{name},,\\n" for name in files)
    name = f"{NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as made:
        for path, text in files.items():
            made.writestr(path, text)
    return name
def get_requires_for_build_wheel(settings=None): return []
get_requires_for_build_editable = get_requires_for_build_wheel
def build_wheel(folder, settings=None, metadata=None):
    return _wheel(folder, {f"{NAME}.py": open(f"{NAME}.py").read()})
def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder, {f"{NAME}.pth": os.getcwd() + "\\n"})
"""


def package(name: str, *, needs: str = "", computed: str = "", built_with: str = "") -> dict[str, str]:
    """The files of one, in a folder of its name."""
    return {
        f"{name}/pyproject.toml": f"[project]\nname='{name}'\nversion='1.0'\ndependencies=[{needs}]\n"
        f"[computed]\ndependencies=[{computed}]\n"
        f"[build-system]\nrequires=[{built_with}]\nbuild-backend='backend'\nbackend-path=['.']\n",
        f"{name}/backend.py": BACKEND,
        f"{name}/{name.replace('-', '_')}.py": "FROM = 'the tree'\n",
    }


def plan(files: dict[str, str]) -> Plan:
    return detect(files.keys(), lambda path: files.get(path, "").encode())


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """An index that holds a newer package of every name that it is asked for; its address, and what it was asked."""
    asked: list[str] = []

    class Hostile(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.strip("/").split("/")[-1].replace("-", "_")
            body = f'<a href="/files/{name}-99.0-py3-none-any.whl">{name}-99.0-py3-none-any.whl</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Hostile, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple", asked
        server.shutdown()


def quick_python(folder: Path) -> Path:
    """A folder with a `python3` whose environments have the interpreter's own pip: a new one takes half of the time."""
    real = f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    where = subprocess.run(
        [real, "-c", "import pip; print(pip.__path__[0])"], capture_output=True, text=True, check=True
    )
    (folder / "only").mkdir()
    (folder / "only" / "pip").symlink_to(where.stdout.strip())
    python = folder / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f"""#!/bin/sh
test "$1 $2" = "-m venv" || exec {real} "$@"
{real} -m venv --without-pip "$3" && echo {folder}/only > "$(echo "$3"/lib/python3*/site-packages)/pip.pth"
printf '#!%s/bin/python\nfrom pip._internal.cli.main import main\nraise SystemExit(main())\n' "$3" > "$3/bin/pip"
chmod +x "$3/bin/pip"
""")
    python.chmod(0o755)
    return python.parent


def test_pip_takes_what_lies_in_the_tree_from_there_and_asks_no_index(
    tmp_path: Path, index: tuple[str, list[str]]
) -> None:
    address, asked = index
    files = {
        **package("acme-app", needs="'acme_core>=1'", computed="'Acme.Hidden'"),
        **package("acme-core", built_with="'acme-build'"),
        **package("acme-build"),
        **package("acme-hidden"),
        "acme-app/tests/test_a.py": TEST,
    }
    tree, home = tmp_path / "tree", tmp_path / "home"
    home.mkdir()
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    env = {
        "PATH": f"{quick_python(tmp_path)}:/usr/bin:/bin", "HOME": str(home), "PIP_INDEX_URL": address,
        "PIP_RETRIES": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_COMPILE": "1",
    }  # fmt: skip
    for command in plan(files).setup:
        done = subprocess.run(["bash", "-c", command], cwd=tree, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    look = "import acme_app as a, acme_core as c, acme_hidden as h; print(a.FROM, c.__file__, h.FROM)"
    said = subprocess.run([home / "venv-acme-app/bin/python", "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == f"the tree {tree}/acme-core/acme_core.py the tree\n"  # and no copy of what is asked for
    assert asked == []


def pyproject(name: str, *needs: str, more: str = "") -> str:
    return f"[project]\nname='{name}'\nversion='1'\ndependencies={list(needs)}\n{more}"


TEST_A = {"tests/test_a.py": TEST}
WORKSPACE = "[tool.uv.workspace]\nmembers=['libs/*']\n"
CI = "on: pull_request\njobs: {{t: {{runs-on: ubuntu-latest, steps: [{}]}}}}"
# Trees; what every installation by pip or the tool has to hold; what none of the set-up may hold.
TREES: dict[str, tuple[dict[str, str], str, str]] = {
    "packages side by side": (
        {"app/pyproject.toml": pyproject("app", "Acme_Core>=2"), "app/tests/test_a.py": TEST,
         "core/pyproject.toml": pyproject("acme.core")}, "-e ../core", ""),
    "and what they need in their turn": (
        {"app/pyproject.toml": pyproject("app", "core"), "app/tests/test_a.py": TEST,
         "core/pyproject.toml": pyproject("core", "base"), "base/setup.py": "setup(name='base')"},
        "-e ../core -e ../base", ""),
    "one that nobody asks for": (
        {"app/pyproject.toml": pyproject("app"), "app/tests/test_a.py": TEST, "core/pyproject.toml": pyproject("core")},
        "", "-e ../core"),
    "a plugin of the package at the root": (
        {"setup.cfg": "[metadata]\nname=acme\n", "plugin/pyproject.toml": pyproject("plugin", "acme"),
         "plugin/tests/test_a.py": TEST}, "-e ..", ""),
    "the root asks for one in a folder": (
        {"pyproject.toml": pyproject("acme", "core"), **TEST_A, "libs/core/pyproject.toml": pyproject("core")},
        "-e ./libs/core", ""),
    "requirements ask for one": (
        {"requirements.txt": "core==1\nsix\n", **TEST_A, "libs/core/pyproject.toml": pyproject("core")},
        "-e ./libs/core", ""),
    "an extra, a group, a script ask for some": (
        {"setup.py": "setup(name='x', install_requires=['one>1'], extras_require={'test': ['two']})", **TEST_A,
         "pyproject.toml": "[dependency-groups]\ndev=['three']", "a/setup.py": "setup(name='one')",
         "b/setup.py": "setup(name='two')", "c/setup.py": "setup(name='three')"},
        "-e ./c -e ./a -e ./b", ""),
    "a path that only uv reads": (
        {"app/pyproject.toml": pyproject("app", "core", more="[tool.uv.sources]\ncore={path='../core'}"),
         "app/tests/test_a.py": TEST, "core/pyproject.toml": pyproject("core")}, "-e ../core", ""),
    "a workspace of uv, no lock": (
        {"pyproject.toml": pyproject("x", "a", more=WORKSPACE), **TEST_A, "libs/a/pyproject.toml": pyproject("a")},
        "-e ./libs/a", ""),
    "a workspace of uv with nothing at the root but that": (
        {"pyproject.toml": WORKSPACE, "uv.lock": "", "libs/a/pyproject.toml": pyproject("a", "b"),
         "libs/a/tests/test_a.py": TEST, "libs/b/pyproject.toml": pyproject("b")},
        "--all-packages || -e ./libs/a -e ./libs/b", "cd libs"),
    "an outdated lock of uv never asks the index": (
        {"app/pyproject.toml": pyproject("app", "core"), "app/uv.lock": "", "app/tests/test_a.py": TEST,
         "core/pyproject.toml": pyproject("core")}, "--locked || -e ../core", "brought up to date"),
    "nor one of Poetry": (
        {"app/pyproject.toml": "[tool.poetry]\nname='app'\n[tool.poetry.dependencies]\ncore='^1'",
         "app/poetry.lock": "", "app/tests/test_a.py": TEST, "core/pyproject.toml": pyproject("core")},
        "poetry install || -e ../core", "brought up to date"),
    "what CI installs besides": (
        {"pyproject.toml": pyproject("acme", "core"), **TEST_A, "libs/core/pyproject.toml": pyproject("core"),
         ".github/workflows/ci.yml": CI.format("{run: pip install other}, {run: python -m unittest}")},
        "-e ./libs/core", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TREES)
def test_each_installation_holds_what_of_the_tree_it_needs(name: str) -> None:
    files, wanted, never = TREES[name]
    setup = plan(files).setup
    installing = [command for command in setup if "pip install" in command and "~/tools/bin/pip" not in command]
    parts = [part for command in installing for part in command.split("||") if " install " in part or " sync " in part]
    assert parts
    for part in parts:
        assert any(text in part for text in wanted.split(" || ")), (name, part)
    assert not never or never not in "\n".join(setup)


def test_nobody_is_told_of_neighbours_where_there_are_none() -> None:
    assert not any("pip.conf" in command for command in plan({"pyproject.toml": pyproject("x"), **TEST_A}).setup)
    fixture = {"tests/fixtures/x/setup.py": "setup(name='six')", "pyproject.toml": pyproject("x", "six"), **TEST_A}
    assert not any("pip.conf" in command for command in plan(fixture).setup)


@pytest.mark.parametrize("tool", ["tox -e py", "nox -s tests"])
def test_tools_that_install_by_themselves_are_told_as_well(tool: str) -> None:
    files = {"pyproject.toml": pyproject("acme", "core"), **TEST_A, "libs/core/pyproject.toml": pyproject("core"),
             "noxfile.py": "", "tox.ini": "[testenv]\ncommands={envpython} -m pytest {envsitepackagesdir}",
             ".github/workflows/ci.yml": CI.format(f"{{run: {tool}}}")}  # fmt: skip
    setup = plan(files).setup
    at = next(at for at, command in enumerate(setup) if "~/tools/bin/" in command and "pip install" not in command)
    assert "UV_CONSTRAINT=$HOME/.config/pip/own.txt" in setup[at]
    assert any('"core @ file://$root/libs/core" > $HOME/.config/pip/own.txt' in command for command in setup[:at])


@pytest.mark.parametrize(
    ("asked", "lock", "wanted"),
    [
        ("^1.0.0", {}, r" && ! find . \( -path '*/node_modules/@acme/b' \) -prune ! -type l -print | grep ."),
        ("^1.0.0", {"pnpm-workspace.yaml": "packages: ['packages/*']"},
         "pnpm install --no-lockfile --config.link-workspace-packages=true"),
        ("^1.0.0", {"package-lock.json": ""}, "npm ci --no-audit --no-fund || { npm install"),  # the lock says which
        ("workspace:*", {}, ""),
        ("file:../b", {}, ""),
    ],
)  # fmt: skip
def test_members_of_a_workspace_come_from_the_tree(asked: str, lock: dict[str, str], wanted: str) -> None:
    test = {"scripts": {"test": "node --test"}}
    files = {
        "package.json": json.dumps({"workspaces": ["packages/*"]}),
        "packages/a/package.json": json.dumps({**test, "name": "a", "dependencies": {"@acme/b": asked, "ms": "2"}}),
        "packages/b/package.json": json.dumps({"name": "@acme/b", "version": "1.0.0"}),
        **lock,
    }
    setup = "\n".join(plan(files).setup)
    assert wanted in setup
    assert ("! find" in setup) is bool(wanted)
    assert "/ms'" not in setup


def test_a_member_that_was_fetched_after_all_fails_set_up(tmp_path: Path) -> None:
    inside, fetched = tmp_path / "node_modules/@acme", tmp_path / "packages/a/node_modules/@acme/b"
    inside.mkdir(parents=True)
    (inside / "b").symlink_to(tmp_path)
    check = Manager(name="npm", own=("@acme/b",)).install[0].partition(" && ")[2]
    codes = [subprocess.run(["bash", "-c", check], cwd=tmp_path, capture_output=True, check=False).returncode]
    fetched.mkdir(parents=True)
    codes.append(subprocess.run(["bash", "-c", check], cwd=tmp_path, capture_output=True, check=False).returncode)
    assert codes == [0, 1]
