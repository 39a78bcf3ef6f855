"""What libraries log, threads die of and Python warns of, as lines of our own log: one form, secrets masked."""

from __future__ import annotations

import logging
import threading

from app import log


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        level = log.ERROR if record.levelno >= logging.ERROR else log.WARNING
        log.event("library.logged", level=level, error=error, logger=record.name, message=record.getMessage())


def take_over() -> None:
    """From now on warnings and errors of every library go where `log.event` sends its lines."""
    logging.basicConfig(handlers=[_Lines()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    threading.excepthook = _thread_died


def _thread_died(hooked: threading.ExceptHookArgs) -> None:
    name = hooked.thread.name if hooked.thread else ""
    log.event("thread.defect", level=log.ERROR, error=hooked.exc_value, thread=name)
