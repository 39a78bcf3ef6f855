"""`serve`: the server of one machine, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys

from app.cli.ending import Ending


def serve(arguments: argparse.Namespace) -> int:
    """Serve; 0 after a clean end, 1 when the door closed by itself."""
    from app import log, wiring
    from app import settings as words
    from app.cli.run import absolute_script
    from app.receive import ensure_ready
    from app.server import library_log
    from app.server.service import Service

    settings = absolute_script(words.load())
    ensure_ready(settings)
    wiring.ensure_model(settings)
    ending = Ending((signal.SIGTERM, signal.SIGINT))
    platform = wiring.local_platform(settings)
    log.configure(platform.redactor)
    library_log.take_over()
    service = Service(platform, host=arguments.host, port=arguments.port, poll=arguments.poll)
    service.start()
    try:
        if sys.stdout.isatty():
            print(f"Lamplighter listens on {service.address}/webhooks/github (home {settings.home}). Ctrl-C stops it.")
        else:
            print(service.address, flush=True)
        while not ending.wait(1.0):
            if not service.is_alive:
                return 1
    finally:
        service.close()
    return 0
