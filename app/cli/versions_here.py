"""Which version of a language's program this machine has, as a person would find out."""

from __future__ import annotations

import re
import subprocess

_SECONDS = 10.0
_ASKED = {"go": "version"}  # the others know --version


def version_here(tool: str) -> str:
    """Empty where it is not there, or says none."""
    try:
        done = subprocess.run([tool, _ASKED.get(tool, "--version")], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=_SECONDS, check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else ""
