"""What a function or a worker tells CloudWatch: its log lines, and the numbers that the alarms in template.yaml watch.

Numbers travel inside the log (Embedded Metric Format), so sending them takes no call and no permission. Namespace and
service come from `POWERTOOLS_METRICS_NAMESPACE` and `POWERTOOLS_SERVICE_NAME`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from app import log
from app.log import Line, Redactor

Handler = Callable[[dict[str, Any], Any], Any]

# Which line counts as what. The value is one, or the field named beside it.
_COUNTED = {
    "schedule.run_given_up": ("RunLost", ""),
    "publish.refused": ("PublishFailed", ""),
    "control.malformed": ("MessageMalformed", ""),
    "agent.charged": ("SpendUsd", "cost_usd"),
}

# Names that `logging` keeps for itself.
_TAKEN = {*vars(logging.makeLogRecord({})), "asctime", "message"}


def count(line: Line) -> None:
    """Emit the metric of a line that has one."""
    name, field = _COUNTED.get(line["action"], ("", ""))
    if name:
        value = float(line[field]) if field else 1.0
        with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=_namespace()):
            pass


def _namespace() -> str:
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "Lamplighter"  # without one, counting would fail the run


def observed(redactor: Redactor) -> Callable[[Handler], Handler]:
    """Give a Lambda handler a log with request id and cold start in every line, and its metrics."""
    logger = Logger(location=None, level="INFO", utc=True)

    def write(line: Line) -> None:
        fields = redactor.data({key: value for key, value in line.items() if key not in {"at", "level"}})
        say = {"error": logger.error, "warning": logger.warning}.get(line["level"], logger.info)
        extra = {f"{key}_" if key in _TAKEN else key: value for key, value in fields.items()}
        say(fields["action"], extra=extra)

    log.send_to(write, count)

    def wrap(handler: Handler) -> Handler:
        injected: Handler = logger.inject_lambda_context(handler)
        return injected

    return wrap
