"""`receive`: replay one delivery through the real door, into this home or into the cloud's queue."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from app.cli.given_file import content_of


def receive(arguments: argparse.Namespace) -> int:
    """Print the door's decision; 0 when it accepted or knowingly ignored the delivery, 1 when it refused."""
    from app import receive as door
    from app import settings, wiring

    loaded = settings.load()
    door.ensure_ready(loaded)
    body = content_of(Path(arguments.payload), door.MAX_BODY_BYTES)
    platform = wiring.platform(loaded)
    loaded = wiring.revealed(platform)
    delivery = door.Delivery.signed(arguments.event, body, secret=loaded.webhook_secrets[0], guid=arguments.guid)
    answer = wiring.door(platform)(delivery)
    if arguments.json:
        print(json.dumps({"status": answer.status, **answer.body}))
    elif answer.status < 400:
        print(f"{answer.body['decision']}: {answer.body['reason']}")
        if answer.body["job"] and answer.body["decision"] != "duplicate":
            print(f"job {answer.body['job']} waits for `lamplighter serve`")
    else:
        print(f"lamplighter: refused with {answer.status}: {answer.body['error']}", file=sys.stderr)
    return 0 if answer.status < 400 else 1
