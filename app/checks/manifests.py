"""Manifests and lock files: whether what changed in them is run by somebody, or brings code from elsewhere. Pure."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.checks.changeset import ChangedFile

_PACKAGE_RUNS = (
    *("scripts", "husky", "lint-staged", "simple-git-hooks", "pre-commit", "gypfile", "jest", "ava", "mocha"),
    *("vitest", "eslintConfig", "babel", "pnpm", "publishConfig", "packageManager", "overrides"),
    *("resolutions", "trustedDependencies", "prisma"),
)
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_TOML_RUNS: Mapping[str, tuple[str, ...]] = {
    "pyproject.toml": (
        *("build-system", "project.scripts", "project.entry-points", "project.gui-scripts", "tool.hatch.build"),
        *("tool.hatch.envs", "tool.hatch.metadata.hooks", "tool.hatch.version", "tool.setuptools.cmdclass"),
        *("tool.setuptools.dynamic", "tool.setuptools.ext-modules", "tool.pdm.scripts", "tool.pdm.build"),
        *("tool.pdm.source", "tool.poe", "tool.taskipy", "tool.poetry.scripts", "tool.poetry.build"),
        *("tool.poetry.source", "tool.poetry.plugins", "tool.uv.index", "tool.uv.sources", "tool.uv.index-url"),
        *("tool.uv.extra-index-url", "tool.uv.find-links", "tool.pytest", "tool.tox", "tool.nox", "tool.cibuildwheel"),
        *("tool.pixi.tasks", "tool.rye.scripts", "tool.rye.sources", "tool.coverage.run.plugins", "tool.mypy.plugins"),
        *("tool.pylint", "tool.maturin", "tool.scikit-build"),
    ),
    "cargo.toml": (*("package.build", "package.links", "patch", "replace", "lib.proc-macro", "build-dependencies"),),
    "pipfile": (*("source", "scripts"),),
}
_INI_QUIET = frozenset(
    {"metadata", "options.extras_require", "options.package_data", "options.packages.find", "egg_info"}
)
_OPTIONS = frozenset({"cmdclass", "setup_requires", "build_requires"})

_LOCKS = frozenset(
    {
        "cargo.lock",
        "gemfile.lock",
        "pipfile.lock",
        "composer.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "uv.lock",
    }
    | {"pnpm-lock.yaml", "poetry.lock", "yarn.lock", "bun.lock", "deno.lock", "pdm.lock", "pubspec.lock", "mix.lock"}
    | {
        "pixi.lock",
        "conda-lock.yml",
        "flake.lock",
        "podfile.lock",
        "package.resolved",
        "packages.lock.json",
        "pylock.toml",
    }
)
# Where each ecosystem's tools fetch from when nobody tells them otherwise.
_REGISTRIES = frozenset(
    {"registry.npmjs.org", "registry.yarnpkg.com", "pypi.org", "files.pythonhosted.org", "index.crates.io", "crates.io"}
    | {"static.crates.io", "rubygems.org", "packagist.org", "repo.packagist.org", "api.github.com", "pub.dev", "jsr.io"}
    | {"proxy.golang.org", "repo.hex.pm", "conda.anaconda.org", "cdn.cocoapods.org", "deno.land"}
)
_FROM_GITHUB = frozenset({"composer.lock", "flake.lock", "mix.lock", "package.resolved", "podfile.lock"})
_GITHUB = frozenset({"github.com", "api.github.com", "codeload.github.com"})
_ADDRESS = re.compile(
    r"\b([a-z+]{2,30})://(?:[^/\s\"'<>@]{0,200}@)?([\w.-]+)(/rust-lang/crates\.io-index)?", re.IGNORECASE
)
_SAFE = frozenset({"https", "ssh", "git+https", "git+ssh", "registry+https", "sparse+https"})
_SAID_ONLY = frozenset(  # addresses that a lock file only tells people
    {"authors", "deprecated", "description", "docs", "funding", "homepage", "keywords", "license", "notification-url"}
    | {"support"}
)
_ELSEWHERE = re.compile(
    r"^(?:git\+|git:|github:|gitlab:|bitbucket:|https?:|file:|ssh:|[\w.-]+/[\w.-]+(?:#|$))", re.IGNORECASE
)
_TOML_ELSEWHERE = re.compile(r"\bgit\s*=\s*[\"']|@\s*(?:git\+|https?://|file:)|\burl\s*=\s*[\"']", re.IGNORECASE)
_XML_RUNS = re.compile(
    r"<(?:plugin|execution|extension|repository|pluginRepository|exec|target|task|usingtask|import)\b", re.IGNORECASE
)
_REQUIREMENTS = re.compile(r"(?:^|/)(?:.*requirements.*|constraints.*|requirements/.*)\.(?:txt|in)$")
_PIP_ELSEWHERE = re.compile(
    r"^\s*(?:-i\b|-f\b|-e\b|--(?:index-url|extra-index-url|find-links|trusted-host|editable|config-settings))"
    r"|(?:^|@\s*|\s)(?:git|hg|svn|bzr)\+|(?:^|@\s*)(?:https?|file)://",
    re.IGNORECASE,
)


def runs_inside(file: ChangedFile) -> str:
    """What runs because of this change, or where it fetches from; empty when neither is new."""
    path = file.path.lower()
    name = path.rpartition("/")[2]
    if name == "package.json":
        return _package(file)
    if name in _TOML_RUNS:
        return _toml(file, _TOML_RUNS[name])
    if name == "setup.cfg":
        return _ini(file)
    if name in {"makefile", "gnumakefile"} or name.endswith((".mk", ".mak")):
        return "make runs the recipes that changed" if _beyond_comments(file) else ""
    if name == "composer.json":
        return _compared(file, json.loads, ("scripts", "repositories", "config"))
    if name == "go.mod":
        replaced = any(re.match(r"\s*(?:replace\b|toolchain\b)|.*=>", line) for _, line in file.added)
        return "go takes code from where `replace` or `toolchain` says" if replaced else ""
    if name == "pom.xml" or name.endswith((".csproj", ".fsproj", ".vbproj")):
        found = any(_XML_RUNS.search(line) for _, line in file.added)
        return "a build runs what it adds" if found else ""
    if _REQUIREMENTS.search(path):
        found = any(_PIP_ELSEWHERE.search(line) for _, line in file.added)
        return "pip takes packages from where it says, besides the registry" if found else ""
    return _lock(file) if name in _LOCKS else ""


def _package(file: ChangedFile) -> str:
    old, new = _parsed(file.old, json.loads), _parsed(file.new, json.loads)
    if new is None:
        return _UNREADABLE if file.kind != "delete" else ""
    old = old or {}
    scripts = [name for name, text in _table(new, "scripts").items() if _table(old, "scripts").get(name) != text]
    if scripts:
        return f"npm and the pipeline run its scripts ({', '.join(ascii(name)[1:-1] for name in scripts[:5])})"
    for group in _DEPENDENCIES:
        for name, wanted in _table(new, group).items():
            if _table(old, group).get(name) != wanted and _ELSEWHERE.match(str(wanted)):
                return f"npm fetches {ascii(name)[1:-1]} from elsewhere than the registry"
    return _differs(old, new, _PACKAGE_RUNS)


_UNREADABLE = "tools run what it says, and I cannot read it"


def _toml(file: ChangedFile, keys: tuple[str, ...]) -> str:
    if why := _compared(file, tomllib.loads, keys):
        return why
    found = any(_TOML_ELSEWHERE.search(line) for _, line in file.added)
    return "an installer takes packages from where it says, besides the registry" if found else ""


def _ini(file: ChangedFile) -> str:
    def load(text: str) -> dict[str, Any]:
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
        told = {name: dict(parser[name]) for name in parser.sections() if name not in _INI_QUIET}
        if "options" in told:
            told["options"] = {key: value for key, value in told["options"].items() if key in _OPTIONS}
        return told

    old, new = _parsed(file.old, load), _parsed(file.new, load)
    if new is None:
        return _UNREADABLE if file.kind != "delete" else ""
    changed = sorted(name for name, told in new.items() if told and told != (old or {}).get(name))
    return f"tools run what it says ([{ascii(changed[0])[1:-1]}])" if changed else ""


def _compared(file: ChangedFile, load: Callable[[str], Any], keys: tuple[str, ...]) -> str:
    new = _parsed(file.new, load)
    if new is None:
        return _UNREADABLE if file.kind != "delete" else ""
    return _differs(_parsed(file.old, load) or {}, new, keys)


def _differs(old: Mapping[str, Any], new: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    changed = [key for key in keys if (told := _at(new, key)) is not None and told != _at(old, key)]
    return f"tools run what it says ({', '.join(changed[:3])})" if changed else ""


def _at(data: Any, key: str) -> Any:
    for part in key.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def _table(data: Any, key: str) -> Mapping[str, Any]:
    found = _at(data, key)
    return found if isinstance(found, Mapping) else {}


def _parsed(content: bytes | None, load: Callable[[str], Any]) -> Mapping[str, Any] | None:
    """What the file holds; None when there is none or it is not what its name says."""
    try:
        found = load((content or b"").decode("utf-8")) if content is not None else None
    except (ValueError, configparser.Error, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _beyond_comments(file: ChangedFile) -> bool:
    left = {line.strip() for line in file.old_lines} - {line.strip() for line in file.new_lines}
    lines = [*(line for _, line in file.added), *left]
    return not file.new_lines or any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def _lock(file: ChangedFile) -> str:
    """A host the base's lock did not fetch from; without a base, one that is no ecosystem's registry. Never http."""
    before = _fetches(file.old)
    used = {host for _, host in before}
    standard = _REGISTRIES | (_GITHUB if file.path.rpartition("/")[2].lower() in _FROM_GITHUB else frozenset())
    for scheme, host in sorted(_fetches(file.new) - before):
        if scheme not in _SAFE:
            return f"an installer fetches from {host} over {scheme}, which nothing protects"
        if host not in (used or standard):
            known = "which the base's lock does not name" if used else "which is no registry that I know"
            return f"an installer fetches from {host}, {known}"
    return ""


def _fetches(content: bytes | None) -> set[tuple[str, str]]:
    """(scheme, host) of every address a lock file names for a tool."""
    text = (content or b"").decode("utf-8", "replace")
    try:
        told = list(_strings(json.loads(text)))
    except (ValueError, RecursionError):
        told = [
            line for line in text.split("\n") if line.strip().split(":")[0].split("=")[0].strip(' "') not in _SAID_ONLY
        ]
    return {
        (found[1].lower(), "crates.io" if found[3] else found[2].lower())
        for line in told
        for found in _ADDRESS.finditer(line[:2_000])
    }


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if key not in _SAID_ONLY:
                yield from _strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from _strings(value)
