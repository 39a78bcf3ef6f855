"""The App's part of a backup: what a server needs to be this App again, wherever its operator keeps it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.cli.app_secrets import ENV_FILE, KEY_FILE
from app.errors import UserError
from app.local import copies
from app.local.folders import private

KEY = "LAMPLIGHTER_PRIVATE_KEY"
# What makes a server this App and no other; everything else belongs to the machine.
NAMES = (
    "LAMPLIGHTER_APP_ID",
    "LAMPLIGHTER_APP_SLUG",
    "LAMPLIGHTER_WEBHOOK_SECRET",
    "LAMPLIGHTER_SENTRY_SECRET",
    "LAMPLIGHTER_LINEAR_SECRET",
    "LAMPLIGHTER_HOOK_SECRET",
    "LAMPLIGHTER_GITHUB_URL",
    "LAMPLIGHTER_GITHUB_API_URL",
)


def effective(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The App's settings: those of `folder/app.env`, over them those of the environment. The key as a path, PEM text
    or a reference.
    """
    path = folder / ENV_FILE
    values = read(path) if path.is_file() else {}
    return values | {name: environment[name] for name in (*NAMES, KEY) if environment.get(name)}


def copy(values: Mapping[str, str], target: Path) -> bool:
    """Write them into the new folder `target`, the key beside them; whether they make an App.

    Raises UserError when the key is named but not there.
    """
    if not values:
        return False
    private(target)
    kept = dict(values)
    if pem := _pem(kept.get(KEY, "")):
        copies.write(target / KEY_FILE, pem)
        kept[KEY] = KEY_FILE  # where it will be is known when it is restored
    copies.write(target / ENV_FILE, _text(kept))
    return bool(kept.get("LAMPLIGHTER_APP_ID") and kept.get(KEY))


def move_in(folder: Path, final: Path) -> None:
    """Name the key by the place it will have, in a copy that lies in `folder` and is going to lie in `final`."""
    path = folder / ENV_FILE
    if not path.is_file():
        return
    values = read(path)
    if values.get(KEY) == KEY_FILE:
        values[KEY] = str(final / KEY_FILE)
        path.unlink()
        copies.write(path, _text(values))


def read(path: Path) -> dict[str, str]:
    """The assignments of an environment file. Raises UserError for anything else in it."""
    values = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = ["", ""]
        words = words[1:] if words[:1] == ["export"] else words
        for word in words:
            name, is_one, value = word.partition("=")
            if not is_one or not name.isidentifier():
                raise UserError(f"Line {number} of `{path}` is no assignment.")
            values[name] = value
    return values


def _text(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _pem(value: str) -> str:
    if "PRIVATE KEY" in value:
        return value.replace("\\n", "\n")
    if not value or value.startswith(("secretsmanager:", "kms:")):
        return ""
    try:
        return Path(value).expanduser().read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The App's key is not in `{value}` ({type(error).__name__}); set {KEY}.") from None
