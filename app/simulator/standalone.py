"""What `lamplighter simulate` runs: the simulated GitHub alone, until it is stopped."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from app.simulator.seed import plant
from app.simulator.simulator import Simulator

DEFAULT_FILES = {
    "calc.py": "def divide(a, b):\n    return a / b\n",
    "test_calc.py": "from calc import divide\n\n\ndef test_divide():\n    assert divide(6, 3) == 2\n",
    "README.md": "# Calc\n",
}


def run(
    *,
    say: Callable[[str], object],
    port: int = 8765,
    seed: Path | None = None,
    directory: Path | None = None,
    webhook_url: str = "http://127.0.0.1:8080/webhooks/github",
    webhook_secret: str = "simulated",  # noqa: S107  printed for everybody to use
    until: threading.Event | None = None,
) -> None:
    """Serve on 127.0.0.1 until `until` is set or the user interrupts; `say` gets the lines for the terminal.

    Raises `app.simulator.seed.SeedError` for a wrong seed file and `OSError` when the port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="simulated-github-") as temporary:
        home = directory or Path(temporary)
        github = Simulator(home, webhook_secret=webhook_secret)
        if seed is not None:
            plant(github, seed)
        else:
            repo = github.repository("acme/calc", files=DEFAULT_FILES, labels=["agent-fix", "bug"])
            github.maintainer.open_issue(repo, "Divide by zero", body="`divide(1, 0)` raises ZeroDivisionError.")
        url = github.serve(port, webhook_url=webhook_url)
        for line in settings(github, url, home):
            say(line)
        try:
            (until or threading.Event()).wait()
        except KeyboardInterrupt:
            say("stopped")
        finally:
            github.close()


def settings(github: Simulator, url: str, home: Path) -> list[str]:
    """The settings with which the product reaches this server; writes the App's key to a file only its owner reads."""
    key = home / "app-private-key.pem"
    with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(github.app.private_key)
    return [
        f"simulated GitHub at {url} (webhooks go to {github.app.webhook_url})",
        f"export LAMPLIGHTER_GITHUB_URL={url}",
        f"export LAMPLIGHTER_GITHUB_API_URL={github.api_url}",
        f"export LAMPLIGHTER_APP_ID={github.app.id}",
        f"export LAMPLIGHTER_APP_SLUG={github.app.slug}",
        f"export LAMPLIGHTER_PRIVATE_KEY={key}",
        f"export LAMPLIGHTER_WEBHOOK_SECRET={github.app.webhook_secret}",
    ]
