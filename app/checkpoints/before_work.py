"""What is said when the tests as they are cannot judge a change: the run ends before it costs anything. Pure."""

from __future__ import annotations

from app.text.outgoing import code

_FILE = "`.github/lamplighter.yml`"
UNSPENT = "I stopped before spending anything."


def unknown() -> str:
    """No way to run tests was found or configured."""
    return (
        "I do not know how this project is tested, so nothing could show that a change is right. "
        f"{UNSPENT} Put the command that runs its tests under `verify` in {_FILE}."
    )


def killed(command: str, ended: str, killed_by: str, *, timeout_seconds: float, memory_mb: int) -> str:
    """The tests do not run to their end on the base."""
    remedies = {
        "time": f"Raise `sandbox.timeout` (now {timeout_seconds:.0f}s) in {_FILE}, or give `verify` a smaller command.",
        "memory": f"Raise `sandbox.memory` (now {memory_mb}m) in {_FILE}, or give `verify` a smaller command.",
    }
    remedy = remedies.get(killed_by, f"Put a command that needs less under `verify` in {_FILE}.")
    return f"Without any change, {code(command)} ended with {ended}. {UNSPENT} {remedy}"


def broken(command: str, ended: str) -> str:
    """It ends before the first test: something cannot be imported, built or found."""
    return (
        f"Without any change, {code(command)} breaks off before the first test ({ended}). {UNSPENT} "
        f"Put what the tests need under `setup`, or the right command under `verify`, in {_FILE}."
    )


def nothing(command: str, example: str) -> str:
    """The runner finds none of the tests that are there."""
    return (
        f"Without any change, {code(command)} finds no tests, though there are some ({code(example)}). {UNSPENT} "
        f"Put the command that runs them under `verify` in {_FILE}."
    )


def unread(command: str, ended: str) -> str:
    """It fails, and nothing that it prints is about a test."""
    return (
        f"Without any change, {code(command, 200)} ended with {ended} and told of no test, so what it says of a change "
        f"could not be compared. {UNSPENT} Put what the tests need under `setup`, or the right command under `verify`, "
        f"in {_FILE}."
    )
