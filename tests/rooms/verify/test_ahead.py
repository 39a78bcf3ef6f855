"""What is compiled before the first round is what the tests will need, and none of them has run by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.verify.ahead import build_ahead, built_ahead
from tests.rooms.verify.room import Ledger
from tests.rooms.workspace.folders import FolderSandbox

GO = "go test -count=1 -exec=true"


@pytest.mark.parametrize(
    ("command", "builds"),
    [
        ("go test ./...", f"{GO} ./..."),
        ("GOFLAGS=-mod=mod go test -race -v ./...", f"GOFLAGS=-mod=mod {GO} -race -v ./..."),
        ("cd 'a b' && { go test ./...; }", f"cd 'a b' && {{ {GO} ./...; }}"),
        ("go test $(go list ./... | grep -v /e2e)", f"{GO} $(go list ./... | grep -v /e2e)"),
        ("go test -coverprofile=c.out -cpuprofile cpu.out ./...", f"{GO} -cover ./..."),
        ("go test -exec ./qemu ./...", ""),
        ("go test -c ./a", ""),
        ("go test -list . ./...", ""),
        ("go test ./... | tee log", ""),
        ("go test ./... && go vet ./...", ""),
        ("gotestsum ./...", ""),
        ("go testing", ""),
        (
            "cargo test --offline --workspace -- --nocapture",
            "cargo test --no-run --offline --workspace -- --nocapture",
        ),
        ("RUSTFLAGS='-D warnings' cargo +stable test", "RUSTFLAGS='-D warnings' cargo +stable test --no-run"),
        ("cargo nextest run --locked", "cargo nextest run --no-run --locked"),
        ("cargo test --doc", ""),
        ("cargo test --no-run", ""),
        ("cargo test > log", ""),
        ("cargo tests", ""),
        ("make test", ""),
        ("npm test", ""),
        ("pytest", ""),
    ],
)
def test_what_compiles_a_command_runs_none_of_its_tests(command: str, builds: str) -> None:
    assert built_ahead(command) == builds


@pytest.mark.parametrize("ends", [0, 2])
def test_a_build_is_recorded_and_its_failure_is_left_for_the_tests_to_tell(tmp_path: Path, ends: int) -> None:
    sandbox = FolderSandbox(tmp_path / "tree")
    sandbox.write_file("go", f'#!/bin/sh\necho "$@" >>called\necho ok m 0.1s; exit {ends}\n'.encode(), mode="100755")
    ledger = Ledger()
    command = "PATH=.:$PATH go test ./..."
    build_ahead(sandbox, [command, "pytest", command], ledger)  # type: ignore[arg-type]
    assert sandbox.read_file("called") == b"test -count=1 -exec=true ./...\n"
    (ran,) = ledger.ran()
    assert (ran.purpose, ran.at, ran.exit_code, ran.counts) == ("build", "base", ends, None)
    assert all(not network for _, network in sandbox.commands)
