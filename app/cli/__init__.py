"""The command line: one module per command, imported only when that command is asked for."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from app.errors import SettingsError, TransientError, UserError

FAILED = 1  # what was asked did not happen
MISTAKE = 2  # it was asked wrongly: arguments or settings
INTERRUPTED = 130  # what shells report for Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. A user's mistake is one line on standard error, never a traceback."""
    from app.cli.parser import build

    _write_anything()
    arguments = build().parse_args(argv)
    try:
        status = int(arguments.run(arguments) or 0)
        sys.stdout.flush()
        return status
    except SettingsError as error:
        for mistake in error.mistakes:
            print(f"lamplighter: {mistake}", file=sys.stderr)
        return MISTAKE
    except UserError as error:
        print(f"lamplighter: {error}", file=sys.stderr)
    except TransientError as error:
        print(f"lamplighter: {error} Try again in a moment.", file=sys.stderr)
    except KeyboardInterrupt:
        print("lamplighter: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
    except OSError as error:  # no permission, a name that is too long: of the machine, wherever it was met
        if error.filename is None:
            raise
        print(f"lamplighter: `{error.filename}` cannot be used: {error.strerror}.", file=sys.stderr)
    return FAILED


def _write_anything() -> None:
    """A terminal whose locale knows no ✓, or a file's name that is no text, costs a character and not the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a test's or an editor's may be something else
            stream.reconfigure(errors="replace")
