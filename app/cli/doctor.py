"""`doctor`: shows the settings, checks everything they need, and says how to fix what is wrong."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli.finding import Finding
from app.errors import SettingsError

if TYPE_CHECKING:
    from app.settings import Settings


def doctor(arguments: argparse.Namespace) -> int:
    """1 when something that is needed is broken; warnings alone are 0."""
    from app import settings as words
    from app.cli import doctor_settings

    try:
        settings = words.load(os.environ | ({"LAMPLIGHTER_PLATFORM": arguments.platform} if arguments.platform else {}))
    except SettingsError as error:
        mend = "Correct the variable; the README lists all of them."
        findings = [Finding(name="settings", level="broken", text=text, mend=mend) for text in error.mistakes]
        findings += doctor_settings.examine(os.environ)
        _report({}, findings, as_json=arguments.json)
        return 1
    findings = []
    shown = _shown(settings)
    if not arguments.json:
        _settings_rows(shown)
    for finding in _findings(settings, online=arguments.online):
        findings.append(finding)
        if not arguments.json:
            _row(finding)
    if arguments.json:
        _report(shown, findings, as_json=True)
    else:
        _sum(findings)
    return 1 if any(finding.level == "broken" for finding in findings) else 0


def _findings(settings: Settings, *, online: bool) -> Iterator[Finding]:
    from app.cli import doctor_app, doctor_cloud, doctor_machine, doctor_settings

    yield from doctor_settings.examine(os.environ)
    if settings.platform == "aws":
        yield from doctor_cloud.examine(settings)
        yield from doctor_machine.doubts(settings)
        if online:
            yield from doctor_machine.reply(settings)
    else:
        yield from doctor_machine.examine(settings, online=online)
    yield from doctor_app.examine(settings)


def _shown(settings: Settings) -> dict[str, Any]:
    """Every setting; a secret is starred, but one sees whether it is there."""
    from app.settings import SECRETS, Cloud

    shown: dict[str, Any] = {}
    for name, value in settings._asdict().items():
        if name in SECRETS:
            count = len(value) if isinstance(value, tuple) else int(bool(value))
            shown[name] = " ".join(["********"] * count)
        elif isinstance(value, Cloud):
            shown |= {part: _plain(held) for part, held in value._asdict().items() if settings.platform == "aws"}
        else:
            shown[name] = _plain(value)
    return shown


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return " ".join("=".join(item) if isinstance(item, tuple) else str(item) for item in value)
    return value if isinstance(value, int) else str(value)


def _settings_rows(shown: dict[str, Any]) -> None:
    from rich.text import Text

    from app.cli import screen

    out = screen.console()
    out.print(Text("Settings", style="bold"))
    for name, value in shown.items():
        out.print(Text(f"  {name:<20} ", style="dim").append(str(value) or "(not set)", style=""), soft_wrap=True)
    out.print()
    out.print(Text("Checks", style="bold"))


def _row(finding: Finding) -> None:
    from rich.text import Text

    from app.cli import screen

    mark, style = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "broken": ("✗", "red")}[finding.level]
    out = screen.console()
    out.print(Text(f"{mark} ", style=style).append(f"{finding.name}: {finding.text}", style=""), soft_wrap=True)
    if finding.mend:
        out.print(Text(f"    → {finding.mend}", style="dim"), soft_wrap=True)


def _sum(findings: Iterable[Finding]) -> None:
    levels = [finding.level for finding in findings]
    broken, warned = levels.count("broken"), levels.count("warn")
    if broken:
        print(f"\n{broken} to mend" + (f", {warned} to look at" if warned else ""))
    else:
        print("\nAll that is needed is there." + (f" {warned} to look at." if warned else ""))


def _report(shown: dict[str, Any], findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        healthy = not any(finding.level == "broken" for finding in findings)
        rows = [asdict(finding) for finding in findings]
        print(json.dumps({"healthy": healthy, "settings": shown, "findings": rows}, indent=1))
        return
    for finding in findings:
        _row(finding)
    _sum(findings)
