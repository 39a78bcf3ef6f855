"""`demo`: the whole story in one terminal, against a simulated GitHub; only that and the model's words are not real.

world.py     the processes: the simulated GitHub in this one, the server and its workers in their own
plot.py      the acts in their order, and how they ended
acts.py      what people and the project's CI do
ci.py        that CI: one job, really run
watching.py  what is waited for, and what is seen meanwhile
panels.py    how it looks
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from app.errors import UserError


def demo(arguments: argparse.Namespace) -> int:
    """Play it; 0 only if every act that was wanted ended well and the runs' ledgers are whole."""
    from app.cli.demo.panels import Panels
    from app.cli.demo.plot import Plot
    from app.cli.demo.world import World

    model = model_environment(os.environ)
    # An end by SIGTERM sweeps up as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    panels = Panels(pause=not arguments.fast and sys.stdout.isatty())
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-demo-"))
    world = World(folder, model=model)
    well = False
    try:
        world.start()
        panels.opening(world)
        well = Plot(world, panels, act=arguments.act).play()
        if arguments.keep:
            panels.kept(world)
            threading.Event().wait()
        return 0 if well else 1
    except KeyboardInterrupt:
        if well:  # and kept: this is how it is ended
            return 0
        well = True  # nothing went wrong that somebody would want to look into
        raise
    except TimeoutError as error:
        raise UserError(f"The demo got stuck: {error}. {world.last_words()}") from None
    finally:
        world.close()
        if arguments.keep or not well:
            panels.say(f"Everything it wrote is still in {folder}; remove it when you like.")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def model_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Of the person's environment what names the model; empty where none is named, and replies are scripted.

    Raises UserError, SettingsError when one is named that cannot be asked: nothing has been started by then.
    """
    from app import settings, wiring

    provider = environment.get("LAMPLIGHTER_MODEL_PROVIDER") or "anthropic"
    if provider == "scripted" or (provider == "anthropic" and not environment.get("ANTHROPIC_API_KEY")):
        return {}
    prefixes = ("ANTHROPIC_", "LAMPLIGHTER_MODEL_", "AWS_" if provider == "bedrock" else "ANTHROPIC_")
    named = {name: value for name, value in environment.items() if name.startswith(prefixes)}
    wiring.ensure_model(settings.load({"LAMPLIGHTER_HOME": tempfile.gettempdir()} | named))
    return named
