"""Go, the build tools of Java, RSpec, PHPUnit, CTest, cargo nextest and .NET. Pure."""

from __future__ import annotations

import re

from app.projects import manifests
from app.reports.ways.way import PLACE, REPORT, SET, Read, Way, goes_on

# What is tested stays as it was; with it Go prints events instead of text, which is made of them again.
_GO = re.compile(rf"({SET})go test(?!.*\s-(?:json|c|list|exec)(?=[\s=]|$))(?=\s|$)(.*)", re.DOTALL)
_OF_GO = r"grep -rhoE '^func[[:space:]]+(Test|Example|Fuzz)[^( ]*' --include='*_test.go' ."
_BUILD = re.compile(rf"{SET}(?:\./)?(mvnw?|gradlew?)\s.*\b(?:test|check|verify|build|install)\b.*", re.DOTALL)
_OF_BUILD = {"mvn": ("*/target/surefire-reports/TEST-*.xml", "*/target/failsafe-reports/TEST-*.xml"),
             "gradle": ("*/build/test-results/*.xml",)}  # fmt: skip
# What a cache of theirs holds would be told as if it ran.
_UNCACHED = {"gradle": 'export GRADLE_OPTS="${GRADLE_OPTS:+$GRADLE_OPTS }-Dorg.gradle.caching=false"',
             "mvn": 'export MAVEN_OPTS="${MAVEN_OPTS:+$MAVEN_OPTS }-Dmaven.build.cache.enabled=false"'}  # fmt: skip
_RSPEC = re.compile(rf"{SET}(?:bundle exec )?(?:\S*/)?(rspec|rake)\b(?!.*\s(?:-f|-o|--format|--out)\b).*", re.DOTALL)
# Of all that sets options of RSpec this is heard most, so it has to name a formatter for people, too.
_OF_RSPEC = (
    'export SPEC_OPTS="${SPEC_OPTS:+$SPEC_OPTS }--format progress --format json --out '
    f"'$lamplighter_report/{REPORT}'\""
)
_PHPUNIT = re.compile(
    rf"{SET}(?:php )?(?:\S*/)?(?:phpunit|pest)(?=\s|$)(?!.*--(?:log-|teamcity|testdox-))(.*)", re.DOTALL
)
_COMPOSER = re.compile(r"composer (?:run(?:-script)? )?([\w:-]+)")
_CTEST = re.compile(r"ctest(?=\s|$)(?!.*(?:--output-junit|\s-N\b|--show-only))(.*)", re.DOTALL)
_NEXTEST = re.compile(rf"({SET}cargo (?:\+\S+ )?nextest (?:run|r))(?=\s|$)(?!.*--tool-config-file)(.*)", re.DOTALL)
_OF_NEXTEST = f"printf '[profile.default.junit]\\npath = \"%s/{REPORT}\"\\n' {PLACE} >{PLACE}/nextest.toml"
_DOTNET = re.compile(
    rf"{SET}dotnet test(?=\s|$)(?!.*(?:\s-(?:l|r|t|-logger|-results-directory|-list-tests)\b| -- ))(.*)", re.DOTALL
)


def way(command: str, read: Read) -> Way | None:
    ways = (_go, _build, _nextest, _ctest, _dotnet)
    return next(filter(None, (known(command) for known in ways)), None) or _rspec(command, read) or _php(command, read)


def _go(command: str) -> Way | None:
    """Not by a script or a Makefile: who calls `go` there may read what it prints."""
    found = _GO.fullmatch(command)
    if found is None or goes_on(found[2]):
        return None
    asked = f"{found[1]}go test -json -count=1{found[2]}"  # which takes nothing from its cache
    return Way(kind="go", format="go", command=asked, before="set -o pipefail", streamed=True, heading=_OF_GO)


def _build(command: str) -> Way | None:
    found = _BUILD.fullmatch(command)
    if found is None:
        return None
    tool = found[1].removesuffix("w")
    return Way(
        kind="jvm",
        format="junit",
        command=command,
        before=_UNCACHED[tool],
        patterns=_OF_BUILD[tool],
        speaks=tool == "mvn" and not re.search(r" (?:-q|--quiet)\b", command),
    )


def _rspec(command: str, read: Read) -> Way | None:
    found = _RSPEC.fullmatch(command)
    settings = read(".rspec")
    if found is None or "--out" in settings or (found[1] == "rake" and not (settings or read("spec/spec_helper.rb"))):
        return None
    return Way(kind="rspec", format="rspec", command=command, before=_OF_RSPEC)


def _php(command: str, read: Read) -> Way | None:
    script, join = command, ""
    if found := _COMPOSER.fullmatch(command):
        script, join = _script(found[1], read), " --"
    runner = _PHPUNIT.fullmatch(script)
    if runner is None or goes_on(runner[1]):
        return None
    return Way(kind="phpunit", format="junit", command=f"{command}{join} --log-junit {PLACE}/{REPORT}")


def _script(name: str, read: Read) -> str:
    """The last command of a script of composer.json, where it is the only one that tests: each would write over it."""
    scripts = manifests.table(manifests.json_object(read("composer.json").encode()), "scripts")
    script = scripts.get(name)
    *first, last = script if isinstance(script, list) and script else [script]
    return last if isinstance(last, str) and not re.search(r"phpunit|pest|test", f"{first}") else ""


def _ctest(command: str) -> Way | None:
    first, _, last = command.rpartition("&&")
    found = _CTEST.fullmatch(last.strip())
    if found is None or goes_on(found[1]) or re.search(r"\bctest\b", first):
        return None
    return Way(kind="ctest", format="junit", command=f"{command} --output-junit {PLACE}/{REPORT}")


def _nextest(command: str) -> Way | None:
    """By a configuration for tools, which stands behind the project's own and outside the tree."""
    found = _NEXTEST.fullmatch(command)
    if found is None or goes_on(found[2]):
        return None
    asked = f"{found[1]} --tool-config-file lamplighter:{PLACE}/nextest.toml{found[2]}"
    return Way(kind="nextest", format="junit", command=asked, before=_OF_NEXTEST)


def _dotnet(command: str) -> Way | None:
    """A file for each assembly and framework, with names of its own."""
    found = _DOTNET.fullmatch(command)
    if found is None or goes_on(found[1]):
        return None
    asked = f"{command} --logger trx --results-directory {PLACE}"
    return Way(kind="trx", format="trx", command=asked, named=True, several=True)
