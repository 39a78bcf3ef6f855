"""What a cache replays is no run."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.reports import run_reported
from tests.rooms.reports.trees import the_sandbox

CORPUS = Path(__file__).parents[2] / "corpora" / "reports"


@pytest.mark.parametrize(
    "says",
    [
        (CORPUS / "turbo-cached.txt").read_text("utf-8"),
        (CORPUS / "nx-cached.txt").read_text("utf-8"),
        "ok  \tm/a\t0.1s\nok  \tm/b\t(cached)\n=== RUN   TestA\n--- PASS: TestA (0.00s)\n",
        "> Task :a:test FROM-CACHE\n3 tests completed\n",
        "[INFO] Skipping plugin execution (cached): surefire:test\nTests run: 3, Failures: 0, Errors: 0, Skipped: 0\n",
    ],
)
def test_what_a_cache_replays_is_no_run(says: str, tmp_path: Path) -> None:
    found = run_reported(the_sandbox(tmp_path, {"says": says}), "cat says")
    assert (found.source, found.counts, found.unread) == ("", None, "a cache replayed it")
    red = run_reported(the_sandbox(tmp_path, {"says": f"{says}\n== 1 failed in 0.1s ==\n"}), "cat says")
    assert red.counts is not None


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("npx turbo run test", "TURBO_FORCE"),
        ("npx nx run-many -t test", "NX_SKIP_NX_CACHE"),
        ("npx lerna run test", "NX_SKIP_NX_CACHE"),
        ("./gradlew test", "GRADLE_OPTS"),
        ("./mvnw test", "MAVEN_OPTS"),
    ],
)
def test_caches_of_results_are_switched_off(command: str, variable: str, tmp_path: Path) -> None:
    says = f'#!/bin/sh\necho "${variable}"\n'
    found = run_reported(
        the_sandbox(tmp_path, dict.fromkeys(("npx", "gradlew", "mvnw"), says)), f"PATH=.:$PATH {command}"
    )
    assert found.execution.text.strip() in {"true", "-Dorg.gradle.caching=false", "-Dmaven.build.cache.enabled=false"}
