"""What the bot says of automatic repairs of a pull request's checks. Pure."""

from __future__ import annotations


def on_or_off(prefix: str) -> str:
    return f"Say `{prefix} autofix on` or `{prefix} autofix off`."


def turned(wish: str, prefix: str) -> str:
    """What holds from now on, and how to change it."""
    if wish == "on":
        return (
            "From now on I repair failing checks of this pull request by myself, three times at most. "
            f"`{prefix} autofix off` ends that."
        )
    return (
        "I no longer repair failing checks of this pull request by myself. I still say what fails, and "
        f"`{prefix} ci` lets me repair it."
    )


def why_not(*, fork: bool, is_open: bool) -> str:
    """Why it cannot be switched on; empty when it can."""
    if fork:
        return (
            "The branch of this pull request is in a fork, and I write to branches of this repository only. "
            "I say what fails there, and repair nothing."
        )
    return "" if is_open else "This pull request is closed, so there is nothing to repair. Reopen it and say it again."
