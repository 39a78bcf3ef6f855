"""What the door imports: the standard library and its own words. Each megabyte more is paid by every cold start."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import app.receive
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))))
print("--")
print("\\n".join(sorted(name for name in sys.modules if name.startswith("app."))))
"""

WORDS = {
    *("app.errors", "app.log", "app.receive", "app.settings", "app.settings.providers", "app.settings.retention_days"),
    "app.settings.quiet",
    *("app.commands", "app.commands.grammar", "app.commands.lines", "app.commands.verbs", "app.jobs", "app.jobs.job"),
    *("app.jobs.verb", "app.playbooks", "app.playbooks.fix", "app.playbooks.onboard", "app.playbooks.playbook"),
    "app.playbooks.ci",
    "app.playbooks.diagnose",
    "app.playbooks.follow_up",
    "app.playbooks.rebase",
    "app.playbooks.rehearse",
    "app.playbooks.reply",
    "app.playbooks.undo",
    *("app.triggers", "app.triggers.answers", "app.triggers.checks", "app.triggers.comments", "app.triggers.policy"),
    "app.triggers.ends",
    *("app.webhooks", "app.webhooks.checks", "app.webhooks.events", "app.webhooks.fields", "app.webhooks.parse"),
    "app.webhooks.places",
    "app.webhooks.signature",
}
SLOW = {"asyncio", "difflib", "email", "http", "socket", "sqlite3", "ssl", "subprocess", "urllib.request", "uuid"}


def imported(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split("\n")


def test_door_reaches_the_standard_library_only():
    found = imported(CODE)
    foreign = {name for name in found[: found.index("--")] if not name.startswith("_")}
    assert foreign <= {"app", "sitecustomize", "usercustomize"}
    assert {name for name in found[found.index("--") + 1 :] if name} == WORDS


def test_door_leaves_out_the_slow_parts_of_the_standard_library():
    found = imported("import app.receive\nprint('\\n'.join(sys.modules))")
    assert SLOW.isdisjoint(found)
