"""`simulate`: the simulated GitHub alone, for playing with a server by hand."""

from __future__ import annotations

import argparse
import signal


def simulate(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from app.errors import UserError
    from app.simulator import standalone
    from app.simulator.seed import SeedError

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an end like Ctrl-C's
    try:
        standalone.run(
            say=lambda line: print(line, flush=True),
            port=arguments.port,
            seed=arguments.seed,
            webhook_url=arguments.webhook_url,
        )
    except SeedError as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"Port {arguments.port} cannot be used: {error.strerror or error}.") from None
    return 0
