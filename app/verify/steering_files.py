"""Files that decide which tests run, how and with what result, by the tools of each language. Pure.

Left out on purpose: what a product may consist of as well (scripts that no command names, compiler settings, versions
of toolchains). A red test is often mended there, and such a fix is nobody's lie.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NAMES: Mapping[str, Sequence[str]] = {
    "any": (
        r"(GNU)?[Mm]akefile", r"[^/]+\.mk", r"[Jj]ustfile", r"\.justfile", r"Taskfile\.ya?ml", r"\.env(\.[\w.]+)?",
        r"\.envrc", r"(run[-_]?)?tests?\.(sh|bash|py|js|mjs)", r"\.bazelrc",
    ),
    "Python": (
        r"conftest\.py", r"\.?pytest\.(ini|toml)", r"tox\.(ini|toml)", r"noxfile\.py", r"hatch\.toml", r"\.coveragerc",
        r"(site|user)customize\.py", r"[^/]+\.pth", r"[^/]+\.py[co]", r"pyvenv\.cfg", r"(unittest|nose2)\.cfg",
        r"\.noserc", r"dodo\.py",
    ),
    "JavaScript": (
        r"\.mocharc\.\w+", r"\.taprc", r"\.npmrc", r"\.yarnrc(\.yml)?", r"\.pnpmfile\.c?js", r"\.nycrc(\.\w+)?",
        r"\.c8rc(\.\w+)?", r"\.babelrc(\.\w+)?", r"\.swcrc", r"jest[-.][\w.-]+\.json", r"jasmine\.json",
        r"(jest|vitest|vite|karma|playwright|cypress|ava|babel|web-test-runner|wdio|nightwatch|cucumber)"
        r"\.(config|conf|setup|preset|workspace)(\.[\w-]+)?\.\w+",
        r"setupTests\.\w+", r"__mocks__/.+",
        r"\.?testem\.(js|json|cjs)", r"turbo\.json", r"cypress\.json", r"[Gg]ulpfile\.\w+",
        r"Gruntfile\.\w+",
    ),
    "Go": (r"magefile\.go",),
    "Rust": (r"\.cargo/config(\.toml)?", r"(\.config/)?nextest\.toml"),
    "Java": (
        r"pom\.xml", r"build\.gradle(\.kts)?", r"settings\.gradle(\.kts)?", r"gradle\.properties", r"surefire[^/]*",
        r"gradle/[^/]+\.gradle(\.kts)?", r"(buildSrc|build-logic)/.+", r"\.mvn/[^/]+", r"(mvnw|gradlew)",
        r"junit-platform\.properties", r"testng[^/]*\.xml", r"META-INF/services/org\.(junit|testng)\.[^/]+",
        r"build\.(xml|sbt)", r"project/([^/]+\.sbt|build\.properties)",
    ),
    "Ruby": (
        r"\.rspec(-local)?", r"Rakefile", r"[^/]+\.rake", r"\.simplecov", r"cucumber\.yml", r"spec_helper\.rb",
        r"rails_helper\.rb", r"test_helper\.rb", r"config/environments/test\.rb", r"bin/(rspec|rake|test)",
    ),
    "PHP": (
        r"phpunit[^/]*\.xml[^/]*", r"(tests|test)/bootstrap\.php", r"tests/Pest\.php", r"codeception\.(dist\.)?ya?ml",
        r"behat\.(dist\.)?ya?ml", r"\.?phpspec\.ya?ml", r"kahlan-config\.php", r"(\.user|php)\.ini",
    ),
    ".NET": (
        r"[^/]+\.(runsettings|testsettings)", r"Directory\.Build\.(props|targets)", r"xunit\.runner\.json",
        r"testconfig\.json", r"[^/]+\.testconfig\.json", r"\.config/dotnet-tools\.json",
    ),
    "C": (r"CTest(Config|Custom|TestfileList|Testfile)\.(cmake|ctest)", r"CMake(User)?Presets\.json"),
    "others": (
        r"\.proverc", r"config/test\.exs", r"test_helper\.exs", r"dart_test\.yaml", r"[^/]+\.xctestplan", r"\.busted",
    ),
}  # fmt: skip
SETTINGS = re.compile(rf"(^|/)({'|'.join(name for names in _NAMES.values() for name in names)})$")

# Of files that hold more than settings of tests, only these parts count: a new dependency steers nothing.
_TOML_PARTS = (
    ("tool", "pytest"), ("tool", "tox"), ("tool", "nox"), ("tool", "hatch", "envs"), ("tool", "pdm", "scripts"),
    ("tool", "poe"), ("tool", "taskipy"), ("tool", "rye", "scripts"), ("tool", "pixi", "tasks"), ("tool", "coverage"),
    ("project", "entry-points"),
)  # fmt: skip
_CARGO_PARTS = (
    ("test",), ("lib",), ("bin",), ("profile",), ("package", "autotests"), ("package", "build"), ("patch",),
    ("workspace", "exclude"), ("workspace", "default-members"),
)  # fmt: skip
_JSON_PARTS = ("scripts", "jest", "mocha", "ava", "vitest", "tap", "nyc", "c8", "type", "wireit", "jasmine")
_INI_PARTS = re.compile(
    r"^(tool:pytest|pytest|unittest|nosetests|tox|testenv.*|aliases|coverage.*|options\.entry_points)$"
)
_REPLACED = re.compile(rb"^\s*(?:replace\b|\S+ => |exclude\b|ignore\b|godebug\b).*$", re.MULTILINE)
# Lines that may be added: one more test, one more project. What takes one away steers, and what says how tests end.
_GROWING = {
    "CMakeLists.txt": rb"^\s*(?:enable_testing|add_test|\w+_discover_tests|add_subdirectory|include\s*\(\s*CTest)\b.*$",
    "meson.build": rb"^\s*(?:test|subdir|benchmark)\s*\(.*$",
    "go.work": rb"^\s*(?:use\s+)?\.\S*.*$",
    ".sln": rb"^Project\(.*$",
    ".slnx": rb"^\s*<Project\b.*$",
}
_ENDINGS = re.compile(rb"^\s*(?:set_tests_properties|set_property\s*\(\s*TEST|return\s*\()|WILL_FAIL|DISABLED", re.M)


def parts_of(path: str) -> Callable[[bytes], object] | None:
    """From a file's content to what of it steers tests; None where the file is no such mixture."""
    return _PARTS.get(path.rpartition("/")[2])


def loses_tests(path: str, old: bytes, new: bytes) -> bool | None:
    """Whether a list of tests or projects has become shorter, or says how they end; None where the file is none."""
    name = path.rpartition("/")[2]
    pattern = _GROWING.get(name) or _GROWING.get(f".{name.rpartition('.')[2]}")
    if pattern is None:
        return None
    before, after = (_lines(re.compile(pattern, re.MULTILINE), content) for content in (old, new))
    how = [_lines(_ENDINGS, content) if name.startswith("CMake") else set() for content in (old, new)]
    return bool(before - after) or how[0] != how[1]


def _lines(pattern: re.Pattern[bytes], content: bytes) -> set[bytes]:
    """Of `content`, those in which the pattern is found."""
    return {b" ".join(line.split()) for line in content.splitlines() if pattern.search(line)}


def _toml(content: bytes, paths: Sequence[tuple[str, ...]]) -> object:
    try:
        data: Any = tomllib.loads(content.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return content
    return [_part(data, path) for path in paths]


def _part(data: Any, path: tuple[str, ...]) -> object:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _json(content: bytes, keys: Sequence[str]) -> object:
    try:
        data = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return content
    return [data.get(key) for key in keys] if isinstance(data, dict) else content


def _ini(content: bytes) -> object:
    config = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(content.decode("utf-8", "replace"))
    except configparser.Error:
        return content
    return {name: dict(config[name]) for name in config.sections() if _INI_PARTS.match(name)}


_PARTS: Mapping[str, Callable[[bytes], object]] = {
    "pyproject.toml": lambda content: _toml(content, _TOML_PARTS),
    "Cargo.toml": lambda content: _toml(content, _CARGO_PARTS),
    "pixi.toml": lambda content: _toml(content, [("tasks",), ("feature",)]),
    "mise.toml": lambda content: _toml(content, [("tasks",), ("env",)]),
    ".mise.toml": lambda content: _toml(content, [("tasks",), ("env",)]),
    "bunfig.toml": lambda content: _toml(content, [("test",), ("preload",)]),
    "package.json": lambda content: _json(content, _JSON_PARTS),
    "composer.json": lambda content: _json(content, ("scripts", "autoload-dev")),
    "deno.json": lambda content: _json(content, ("tasks", "test", "exclude")),
    "deno.jsonc": lambda content: _json(content, ("tasks", "test", "exclude")),
    "nx.json": lambda content: _json(content, ("targetDefaults", "tasksRunnerOptions")),
    "project.json": lambda content: _json(content, ("targets",)),
    "setup.cfg": _ini,
    "go.mod": _REPLACED.findall,
}
