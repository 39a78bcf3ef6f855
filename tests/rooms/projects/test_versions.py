"""Which version of its language a project asks for, and whether what is here fits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from app.projects import Plan, detect
from app.projects.asked import Asked
from app.projects.versions import suited

NODE = {"package.json": json.dumps({"scripts": {"test": "node --test"}})}
GO, RUST = {"go.mod": "module x\n", "x_test.go": ""}, {"Cargo.toml": "[package]\nname='x'\n"}
JAVA = {"pom.xml": "<p/>", "src/test/java/ATest.java": ""}
RUBY = {"Gemfile": "", "spec/a_spec.rb": ""}
PHP = {"composer.json": "{}", "phpunit.xml": "", "tests/ATest.php": ""}


def plan(files: dict[str, str]) -> Plan:
    return detect(files.keys(), lambda path: files.get(path, "").encode())


def ci(*steps: str, test: str = "npm test", matrix: str = "") -> dict[str, str]:
    listed = "".join(f"    - {step}\n" for step in (*steps, f"{{run: {test}}}"))
    job = f"on: pull_request\njobs:\n  t:\n    runs-on: ubuntu-latest\n{matrix}    steps:\n{listed}"
    return {".github/workflows/ci.yml": job}


def package(**more: object) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": {"test": "node --test"}, **more})}


JOB = "job `t` of `.github/workflows/ci.yml`"
ASKED = [
    ({**NODE, ".nvmrc": "v20.11.1\n"}, "Node v20.11.1 (.nvmrc)"),
    ({**NODE, ".nvmrc": "lts/iron\n"}, ""),
    ({**NODE, ".node-version": "22\n"}, "Node 22 (.node-version)"),
    ({**NODE, ".tool-versions": "nodejs 18.1.0 16\nruby 3\n"}, "Node 18.1.0 (.tool-versions)"),
    ({**NODE, ".mise.toml": "[tools]\nnode = '21'\n"}, "Node 21 (.mise.toml)"),
    (package(engines={"node": ">=18 <23"}), "Node >=18 <23 (`engines` in package.json)"),
    (package(engines={"node": "*"}), ""),
    (package(volta={"node": "16.4.0"}), "Node 16.4.0 (`volta` in package.json)"),
    ({**NODE, **ci("{uses: actions/setup-node@v4, with: {node-version: 22}}")}, f"Node 22 ({JOB})"),
    ({**NODE, **ci("{uses: actions/setup-node@v4, with: {node-version: '${{ matrix.n }}'}}",
                   matrix="    strategy: {matrix: {n: [18, 20]}}\n")}, ""),  # one of several, named in `why` alone
    ({**NODE, "ci/node": "21.2.0", **ci("{uses: actions/setup-node@v4, with: {node-version-file: ci/node}}")},
     f"Node 21.2.0 ({JOB})"),
    ({**NODE, ".nvmrc": "20", **ci("{uses: actions/setup-node@v4, with: {node-version: 22}}")}, "Node 20 (.nvmrc)"),
    ({"web/package.json": NODE["package.json"], ".nvmrc": "20"}, "Node 20 (.nvmrc)"),
    ({**GO, "go.mod": "module x\n\ngo 1.22.3\n"}, "Go 1.22.3 (go.mod)"),
    ({**GO, "go.mod": "module x\ngo 1.21\ntoolchain go1.23.1\n"}, "Go 1.23.1 (go.mod)"),
    ({**GO, **ci("{uses: actions/setup-go@v5, with: {go-version: '1.24'}}", test="go test ./...")}, f"Go 1.24 ({JOB})"),
    ({**RUST, "rust-toolchain": "1.70.0\n"}, "Rust 1.70.0 (rust-toolchain)"),
    ({**RUST, "rust-toolchain.toml": "[toolchain]\nchannel = '1.80'\n"}, "Rust 1.80 (rust-toolchain.toml)"),
    ({**RUST, "rust-toolchain.toml": "[toolchain]\nchannel = 'stable'\n"}, ""),
    ({"Cargo.toml": "[package]\nname='x'\nrust-version='1.90'"}, "Rust 1.90 (`rust-version` in Cargo.toml)"),
    ({**JAVA, "pom.xml": "<maven.compiler.release>21</maven.compiler.release>"}, "Java 21 (pom.xml)"),
    ({**JAVA, ".java-version": "17"}, "Java 17 (.java-version)"),
    ({**RUBY, ".ruby-version": "ruby-3.3.0"}, "Ruby ruby-3.3.0 (.ruby-version)"),
    ({**RUBY, "Gemfile": "ruby '~> 3.2'\n"}, "Ruby ~> 3.2 (Gemfile)"),
    ({**PHP, "composer.json": '{"require": {"php": "^8.1"}}'}, "PHP ^8.1 (composer.json)"),
    ({"setup.py": "", "tests/test_a.py": "import unittest",
      **ci("{uses: actions/setup-python@v5, with: {python-version: '3.12'}}", test="python -m unittest")},
     f"Python 3.12 ({JOB})"),
    (NODE, ""),
]  # fmt: skip


@pytest.mark.parametrize(("files", "asked"), ASKED)
def test_what_a_project_asks_for_and_where(files: dict[str, str], asked: str) -> None:
    found = plan(files).asks
    assert [f"{ask.name} {ask.text} ({ask.where})" for ask in found] == ([asked] if asked else [])


@pytest.mark.parametrize(
    ("tool", "text", "here", "fits"),
    [
        ("node", "20", "20.20.2", True),
        ("node", "v20.11.1", "20.20.2", True),  # within a major one replaces another
        ("node", "22", "20.20.2", False),
        ("node", ">=18", "20.20.2", True),
        ("node", ">=18 <20", "20.20.2", False),
        ("node", "^18 || ^20.9", "20.20.2", True),
        ("node", "^18 || ^20.99", "20.20.2", False),
        ("node", "18 - 20", "20.20.2", True),
        ("node", "14 - 18", "20.20.2", False),
        ("node", "18.x", "20.20.2", False),
        ("node", "lts/*", "20.20.2", True),
        ("node", "> 18", "20.20.2", True),
        ("ruby", "~> 3.2", "3.3.1", True),
        ("ruby", "ruby-3.3.0", "3.1.2", False),
        ("php", "^8.1", "8.2.7", True),
        ("php", "^8.1", "7.4.0", False),
        ("cargo", "1.70.0", "1.95.0", False),
        ("java", "temurin-17.0.1", "17.0.9", True),
        ("java", "21", "17.0.9", False),
        ("node", "20", "", True),
    ],
)
def test_what_is_here_fits_or_not(tool: str, text: str, here: str, fits: bool) -> None:
    assert Asked(tool=tool, name="", text=text, where="").fits(here) is fits


def test_the_least_of_versions_lets_later_ones_be() -> None:
    least = Asked(tool="go", name="Go", text="1.22", where="go.mod", at_least=True)
    assert [least.fits(here) for here in ("1.19.8", "1.22.0", "1.23", "2.0")] == [False, True, True, True]


def test_what_is_there_is_chosen_and_what_is_not_is_said(tmp_path: Path) -> None:
    asks = [
        Asked(tool="go", name="Go", text="1.22", where="go.mod", at_least=True),
        Asked(tool="node", name="Node", text="22", where=".nvmrc"),
        Asked(tool="java", name="Java", text="17", where="pom.xml"),
        Asked(tool="php", name="PHP", text="^8.1", where="composer.json"),
    ]
    there = ("/usr/lib/go-1.20/bin/go", "/usr/lib/go-1.22/bin/go", "/usr/lib/jvm/java-21-openjdk-amd64/bin/java")
    found = suited(asks, {"go": "1.19.8", "node": "20.20.2", "java": "11.0.2", "php": "8.2"}, there)
    assert found.sentences == (
        "Node 22, which .nvmrc names, is not here; used is 20.20.2",
        "Java 17, which pom.xml names, is not here; used is 11.0.2",
    )
    (command,) = found.commands
    subprocess.run(["bash", "-c", command], env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, check=True)
    chosen = {path.name: str(path.readlink()) for path in (tmp_path / ".local/bin").iterdir()}
    assert chosen == {"go": "/usr/lib/go-1.22/bin/go", "gofmt": "/usr/lib/go-1.22/bin/gofmt"}
