"""What `doctor` looks at on this machine: home, git, sandbox, model."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator

from app.cli.finding import Finding
from app.errors import LamplighterError
from app.ports.model import Model, ModelRequest
from app.settings import Settings
from app.settings.providers import doubt

LITTLE_BYTES = 2 * 2**30  # a mirror, a checkout and what `setup` installs
TOO_LITTLE_BYTES = 200 * 2**20
OLDEST_GIT = (2, 31)  # `rev-parse --path-format`, `GIT_CONFIG_COUNT`
MERGING_GIT = (2, 38)  # `merge-tree --write-tree`


def examine(settings: Settings, *, online: bool) -> Iterator[Finding]:
    """Look at everything; never raises."""
    yield from _home(settings)
    yield _git()
    yield _sandbox(settings)
    yield from _model(settings)
    if online:
        yield from reply(settings)


def _home(settings: Settings) -> Iterator[Finding]:
    from app.local.folders import private

    try:
        private(settings.home)
        with tempfile.TemporaryFile(dir=settings.home):
            pass
    except (LamplighterError, OSError) as error:
        mend = "Set LAMPLIGHTER_HOME to a directory this user may write."
        yield Finding(name="home", level="broken", text=str(error), mend=mend)
        return
    yield Finding(name="home", level="ok", text=f"{settings.home} can be written")
    free = shutil.disk_usage(settings.home).free
    text = f"{free / 2**30:.1f} GiB free"
    if free < TOO_LITTLE_BYTES:
        yield Finding(name="disk", level="broken", text=text, mend="Make room: runs park until there is some.")
    elif free < LITTLE_BYTES:
        yield Finding(name="disk", level="warn", text=text, mend="Make room: a bigger repository will not fit.")
    else:
        yield Finding(name="disk", level="ok", text=text)


def _git() -> Finding:
    from app.workspace.git import GitError, run_git

    mend = "Install git 2.38 or newer: sudo apt install git"
    try:
        said = run_git(["--version"], git_dir=None).decode().strip()
    except (GitError, OSError) as error:
        return Finding(name="git", level="broken", text=f"git does not run ({type(error).__name__})", mend=mend)
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST_GIT:
        return Finding(name="git", level="broken", text=f"{said} is too old", mend=mend)
    if version < MERGING_GIT:
        return Finding(name="git", level="warn", text=f"{said} is too old to bring a branch up to its base", mend=mend)
    return Finding(name="git", level="ok", text=said)


def _sandbox(settings: Settings) -> Finding:
    from app.sandbox.probe import APT, choose

    try:
        host = choose(settings.sandbox, settings.home)
    except (LamplighterError, OSError) as error:
        return Finding(name="sandbox", level="broken", text=str(error), mend=APT)
    text = f"a {host.name} sandbox was opened, and kept what it should"
    if host.name == "jail" and settings.sandbox == "auto":
        return Finding(name="sandbox", level="warn", text=text, mend=f"Stronger walls: {APT}")
    return Finding(name="sandbox", level="ok", text=text)


def _model(settings: Settings) -> Iterator[Finding]:
    from app import wiring

    try:
        wiring.ensure_model(settings)
    except LamplighterError as error:
        yield Finding(name="model", level="broken", text=str(error))
        return
    if settings.model_provider == "scripted":
        text = f"replies are scripted ({settings.model_script}); nothing is asked of a model"
        yield Finding(name="model", level="warn", text=text, mend="Set LAMPLIGHTER_MODEL_PROVIDER=anthropic.")
        return
    names = ", ".join(f"{alias} {name}" for alias, name in settings.models._asdict().items())
    text = f"{settings.model_provider}: {names}; `doctor --online` makes one cheap call of each"
    yield Finding(name="model", level="ok", text=text)
    yield from doubts(settings)


def doubts(settings: Settings) -> Iterator[Finding]:
    """What is odd about the models' names without being wrong."""
    from app.agent.budget import UNKNOWN, price_of

    mend = "Another one: LAMPLIGHTER_MODEL_FAST, _DEFAULT, _DEEP."
    for alias, name in settings.models._asdict().items():
        if why := doubt(settings.model_provider, name):
            yield Finding(name=f"model {alias}", level="warn", text=f"{name} {why}", mend=mend)
        if price_of(name) is UNKNOWN:
            text = f"the price of {name} is not known; budgets count it as the dearest model there is"
            yield Finding(name=f"model {alias}", level="warn", text=text, mend=mend)


def reply(settings: Settings) -> Iterator[Finding]:
    """One cheap call of every model behind an alias, with the key as a worker would get it."""
    from app import wiring

    try:
        model = wiring.platform(settings).model()
    except LamplighterError as error:
        yield Finding(name="model online", level="broken", text=str(error))
        return
    for name, alias in {name: alias for alias, name in reversed(settings.models._asdict().items())}.items():
        yield _asked(model, alias, name)


def _asked(model: Model, alias: str, name: str) -> Finding:
    request = ModelRequest(
        model=name,
        system=[],
        tools=[],
        messages=[{"role": "user", "content": "Answer with the word yes."}],
        max_tokens=16,
    )
    try:
        answer = model.reply(request)
    except (LamplighterError, OSError) as error:
        mend = f"Check the key or credentials, LAMPLIGHTER_MODEL_{alias.upper()} and the way to the network."
        return Finding(name=f"model {alias} online", level="broken", text=str(error), mend=mend)
    return Finding(name=f"model {alias} online", level="ok", text=f"{answer.model} answered")
