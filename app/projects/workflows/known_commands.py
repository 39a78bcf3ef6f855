"""Commands by their first words: what tests, lints, installs, builds, publishes, or cannot be had here. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


PUBLISHES = _any(
    r"\btwine upload",
    r"\b(npm|pnpm|yarn|bun|cargo|poetry|hatch|uv|flit|pdm|vsce|ovsx) publish",
    r"\bnpm run (publish|release)",
    r"\bgh (release|api|pr|issue|workflow)",
    r"\b(semantic-release|goreleaser|codecov|coveralls|pkg-pr-new|surge|netlify|vercel|wrangler)\b",
    r"\bgit (push|tag)\b",
    r"\bdocker (push|login)",
    r"\b(aws s3|gsutil|gcloud|kubectl|helm (push|upgrade))\b",
    r"\bmvn\b.*\bdeploy|gradlew?\b.*\bpublish",
    r"\b(gem push|dotnet nuget push|changeset publish)",
    r"(^|\s)(ssh|scp|rsync) ",
)
ABSENT: Mapping[str, re.Pattern[str]] = {
    "Docker": re.compile(r"^(sudo )?(docker|docker-compose|podman|buildah|kind|minikube|kubectl|helm|act|cross)( |$)"),
    "a browser": _any(
        r"\b(playwright (install|test)|cypress|puppeteer|chromedriver|geckodriver|wdio|nightwatch|testcafe)\b",
        r"\b(karma start|web-test-runner|wtr|wasm-pack test)\b",
        r"--browser\b",
    ),
    "a display": re.compile(r"^(xvfb-run|Xvfb)\b"),
    "an emulator": re.compile(r"\b(emulator|adb|qemu-\S+|xcodebuild|xcrun)\b"),
    "valgrind": re.compile(r"^valgrind\b"),
    "another toolchain": _any(
        r"\bcargo \+",
        r"\bcargo (miri|fuzz|careful)\b",
        r"--target[= ](?!x86_64-unknown-linux-gnu)\S+",
        r"\brustup run\b",
        r"\bwine\b",
    ),
    "packages of the system": re.compile(r"^(sudo .*)?\b(apt|apt-get|dnf|yum|apk|brew|choco|snap|pacman)\b"),
    "the rights of root": re.compile(r"^sudo\b"),
    "a service of the system": re.compile(r"^(systemctl|service|pg_ctl|mysqld|redis-server|mongod)\b"),
}
INSTALLS = _any(
    r"^(\S*/)?(python[\d.]*|py) -m (pip|ensurepip|venv|virtualenv)\b",
    r"^(\S*/)?pip[\d.]* |^virtualenv\b|^pipx (install|ensurepath)",
    r"^uv (pip|sync|tool|venv|python|lock)\b",
    r"^(poetry|pdm|pipenv|rye) (install|sync|lock|config|self)",
    r"^python[\d.]* setup.py (develop|install|build_ext)",
    r"^(conda|mamba) ",
    r"^(npm|pnpm|bun)( -\S+)* (ci|i|install|add|config|link)\b",
    r"^yarn( --\S+)*$|^yarn( --\S+)* (install|add|set|config)\b",
    r"^corepack\b|^(npx )?lerna bootstrap|^playwright install",
    r"^go (install|mod|get|env|version|generate)\b",
    r"^cargo (install|fetch|binstall)\b|^rustup\b",
    r"^gem install|^bundle (install|config)|^bundle$",
    r"^composer (install|update|require|config)|^dotnet (restore|tool)",
)
TESTS = _any(
    r"^(\S*/)?(pytest|py\.test|nose2|nosetests|trial|stestr|zope-testrunner)\b",
    r"^(\S*/)?python[\d.]*( -[A-Za-z]\S*( error| ignore| default)?)*"
    r" -m (pytest|unittest|nose2|trial|doctest|django test|twisted\.trial|slipcover|test)\b",
    r"^(\S*/)?python[\d.]*( -[A-Za-z]\S*( error| ignore| default)?)*"
    r" \S*(manage\.py test|(run_?)?tests?\.py|runtests\S*|setup\.py (py)?test)\b",
    r"^(\S*/)?(python[\d.]* -m )?coverage (\S+ )*run\b",
    r"^(\S*/)?(django-admin test|hatch( -\S+)* test)\b",
    r"^(jest|vitest|mocha|ava|tap|tape|borp|lab|jasmine|uvu|qunit|tstyche|c8|nyc|zora|brittle)\b(?!.*--version)",
    r"^node( -\S+)* --test\b|^(deno|bun)( -\S+)* test\b|^tsx --test\b",
    r"^(\./)?(mvnw?|gradlew?)\b.*\b(test|verify|check|install|package|build)\b",
    r"^cargo( -\S+)* (test|t|nextest run|nextest r|hack\b.*\btest|llvm-cov|tarpaulin)\b",
    r"^go( -C \S+)? test\b|^gotestsum\b|^ginkgo\b|^richgo test",
    r"^(rspec|rake( test| spec)?|rails test|minitest|bin/rails test|bin/rspec)\b|^ruby\b.*\btest\b",
    r"^(\S*/)?(phpunit|pest|simple-phpunit|codecept)\b",
    r"^dotnet test\b|^ctest\b|^meson test|^swift test|^mix test|^sbt\b.*\btest|^lein test",
    r"^(bats|prove|busted)\b|^zig build test|^bazel test|^nim\b.*\btest",
    r"^(stack|cabal) test|^dune (runtest|test)",
)
# What tests, measures and does not end by itself, or measures alone.
NO_SUITE = _any(r"^go test\b.* -(fuzz|bench)\b", r"--(benchmark-only|codspeed)\b")
WOULD_TEST = re.compile(r"(^|[\s:/_-])(tests?|nextest|pytest|e2e|karma|cypress|wdio|playwright|rspec)($|[\s:_-])")
LINTS = re.compile(
    r"^(\S*/)?(python[\d.]* -m )?("
    r"ruff|black|isort|flake8|mypy|pyright|basedpyright|pylint|bandit|pre-commit|prek|codespell|pydocstyle|vulture"
    r"|eslint|prettier|biome|tsc|tsd|standard|stylelint|markdownlint\S*|oxlint|knip|attw|publint|cspell|xo|typos"
    r"|golangci-lint|staticcheck|gofmt|gofumpt|go vet|shellcheck|hadolint|actionlint|yamllint|zizmor|rubocop|phpstan"
    r"|php-cs-fixer|psalm|cargo (fmt|clippy|deny|audit|doc|check|machete|semver-checks|outdated)|check-manifest"
    r"|interrogate|sphinx-build|mkdocs|towncrier|git diff)\b"
)
BUILDS = re.compile(
    r"^(make|cmake|meson setup|meson compile|ninja|rollup|webpack|vite build|esbuild|tsup|turbo build|cargo build"
    r"|go build|dotnet build|(python[\d.]* -m )?build|(uv|hatch|poetry|swift) build)\b"
)
PREPARES = re.compile(r"^(mkdir|cp|touch|ln|git config|export|install -d)\b")
BROWSERS = frozenset(
    {"e2e", "browser", "browsers", "playwright", "cypress", "karma", "puppeteer", "webdriver", "selenium", "chrome",
     "firefox", "safari", "wdio", "chromium"}
)  # fmt: skip
# Words in the names of tasks.
TESTY = frozenset(
    {"test", "tests", "unit", "unittest", "unittests", "spec", "specs", "pytest", "jest", "vitest", "mocha", "runtests",
     "testing", "ctest", "rspec", "phpunit", "doctest", "doctests", "testall"}
)  # fmt: skip
NO_TEST = frozenset(
    {"lint", "lints", "eslint", "format", "fmt", "prettier", "types", "type", "typecheck", "typing", "tsc", "mypy",
     "pyright", "ruff", "dts", "dtslint", "docs", "doc", "spell", "spelling", "changelog", "size", "sizes", "bench",
     "benchmark", "benchmarks", "perf", "fuzz", "report", "build", "style", "flake8", "pre", "prepare", "install",
     "deps", "setup", "clean", "update", "watch", "complete", "check", "tsd", "typescript", "license", "audit",
     "release"}
)  # fmt: skip
# Whose tests are none of behaviour, whatever runs them.
NO_BEHAVIOUR = frozenset(
    {"lint", "types", "typecheck", "typing", "dts", "dtslint", "docs", "tsd", "bench", "benchmark", "benchmarks",
     "perf", "fuzz", "mypy", "typescript", "watch"}
)  # fmt: skip
LINTY = frozenset({"lint", "eslint", "format", "fmt", "typecheck", "types", "typing", "mypy", "style", "docs", "check"})
