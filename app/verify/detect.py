"""Finding out how a project is set up and tested, from its files at the base commit. Nothing is run. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from app.events.configured import Configured
from app.sandbox.egress_policy import UPLOAD_HOSTS
from app.verify.python_project import VENV_PATH, python_plan

Read = Callable[[str], bytes]  # path → content, b"" when there is none

# A change to one of these means that what `setup` installed may no longer be what the project needs.
_DEPENDENCY_NAMES = frozenset(
    {
        "Cargo.lock",
        "Cargo.toml",
        "Pipfile",
        "Pipfile.lock",
        "build.gradle",
        "build.gradle.kts",
        "go.mod",
        "go.sum",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "package.json",
        "pnpm-lock.yaml",
        "poetry.lock",
        "pom.xml",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "tox.ini",
        "uv.lock",
        "yarn.lock",
    }
)
_REQUIREMENTS = re.compile(r"(^|/)(requirements|constraints)[^/]*\.(txt|in)$|(^|/)requirements/[^/]+\.(txt|in)$")
# A script that runs nothing: whatever it is called, it is no test.
_IDLE = re.compile(r"(?:(?:echo|printf)\b[^&|;]*|true|:|exit(?: 0)?|)(?:\s*(?:&&|;)\s*(?:true|exit 0))?")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The commands of a project. `why` is a sentence; `verify` is empty when no tests were found."""

    setup: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    language: str = ""
    why: str = ""
    withheld: tuple[str, ...] = UPLOAD_HOSTS  # hosts that setup may not reach again once the model has changed the tree


def detect(paths: Collection[str], read: Read) -> Plan:
    """The plan of the project whose root manifests are among `paths`; `read` gives small files' contents."""
    known = frozenset(paths)
    for find in (_python, _rust, _go, _java, _node, _make):
        plan = find(known, read)
        if plan is not None and plan.verify:
            return plan
    return Plan(why="no tests that I know how to run were found")


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
    chosen = replace(plan, why=f"{said} as configured in `.github/lamplighter.yml`")
    if setup is not None:
        chosen = replace(chosen, setup=tuple(setup))
    if verify is not None:
        on_path = f"export {VENV_PATH}; " if setup is None and plan.setup and plan.language == "Python" else ""
        chosen = replace(chosen, verify=tuple(on_path + command for command in verify))
    return chosen


def changes_dependencies(paths: Iterable[str]) -> bool:
    """Whether `setup` has to run again after a change of these paths."""
    return any(path.rpartition("/")[2] in _DEPENDENCY_NAMES or _REQUIREMENTS.search(path) for path in paths)


def _python(paths: frozenset[str], read: Read) -> Plan | None:
    found = python_plan(paths, read)
    if found is None:
        return None
    setup, verify, why = found
    return Plan(setup=setup, verify=verify, language="Python", why=why)


def _rust(paths: frozenset[str], _read: Read) -> Plan | None:
    if "Cargo.toml" not in paths:
        return None
    locked = " --locked" if "Cargo.lock" in paths else ""
    return Plan(
        setup=(f"cargo fetch{locked}",), verify=(f"cargo test --offline{locked}",), language="Rust", why="a Cargo.toml"
    )


def _go(paths: frozenset[str], read: Read) -> Plan | None:
    if "go.mod" not in paths or not any(path.endswith("_test.go") for path in paths):
        return None
    needs = b"require" in read("go.mod") and "vendor/modules.txt" not in paths
    return Plan(
        setup=("go mod download",) if needs else (),
        verify=("go test -v ./...",),  # without -v it prints no counts
        language="Go",
        why="a go.mod and _test.go files",
    )


def _java(paths: frozenset[str], _read: Read) -> Plan | None:
    if not any("/test/" in f"/{path}" for path in paths):
        return None
    if "pom.xml" in paths:
        maven = "./mvnw" if "mvnw" in paths else "mvn"
        # `dependency:go-offline` misses what surefire resolves while it runs, so the setup is one whole test run.
        return Plan(
            setup=(f"{maven} -B -q -Dmaven.test.failure.ignore=true test",),
            verify=(f"{maven} -B -o test",),
            language="Java",
            why="a pom.xml",
        )
    if {"build.gradle", "build.gradle.kts"} & paths:
        gradle = "./gradlew" if "gradlew" in paths else "gradle"
        return Plan(
            setup=(f"{gradle} --no-daemon -q test --continue || true",),
            verify=(f"{gradle} --no-daemon --offline test",),
            language="Java",
            why="a Gradle build",
        )
    return None


def _node(paths: frozenset[str], read: Read) -> Plan | None:
    if "package.json" not in paths:
        return None
    try:
        package = json.loads(read("package.json"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(package, dict):
        return None
    scripts = package.get("scripts")
    test = scripts.get("test") if isinstance(scripts, dict) else None
    if not isinstance(test, str) or _IDLE.fullmatch(test.strip()) or "no test specified" in test:
        return None
    needs = any(package.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "workspaces"))
    # CI=true keeps jest and vitest from waiting for somebody to press a key.
    return Plan(
        setup=(_node_install(paths),) if needs else (),
        verify=("CI=true npm test",),
        language="JavaScript",
        why="a test script in package.json",
    )


def _node_install(paths: frozenset[str]) -> str:
    if "pnpm-lock.yaml" in paths:
        return "corepack pnpm install --frozen-lockfile || npx --yes pnpm install --frozen-lockfile"
    if "yarn.lock" in paths:
        return "corepack yarn install --immutable || npx --yes yarn install --frozen-lockfile"
    if {"package-lock.json", "npm-shrinkwrap.json"} & paths:
        return "npm ci --no-audit --no-fund"
    return "npm install --no-audit --no-fund --no-package-lock"


def _make(paths: frozenset[str], read: Read) -> Plan | None:
    for name in ("GNUmakefile", "makefile", "Makefile"):
        if name not in paths:
            continue
        text = read(name).decode("utf-8", "replace")
        for target in ("test", "check", "tests"):
            if not _is_idle(text, target):
                return Plan(verify=(f"make {target}",), language="Make", why=f"a `{target}` target in the {name}")
    return None


def _is_idle(makefile: str, target: str) -> bool:
    """Whether the target is missing or its recipe runs nothing; with prerequisites it is theirs to run something."""
    head = rf"^(?:[\w.-]+ )*{target}(?: [\w.-]+)*\s*::?(?!=)(.*)\n((?:\t.*\n?)*)"
    found = re.search(head, makefile + "\n", re.MULTILINE)
    if found is None:
        return True
    recipe = [line.strip().lstrip("@-+ ") for line in found[2].splitlines() if line.strip()]
    return not found[1].strip() and bool(recipe) and all(_IDLE.fullmatch(line) for line in recipe)
