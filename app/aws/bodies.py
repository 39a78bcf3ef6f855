"""What may stand in an SQS message. Standard library only: the door sends too."""

from __future__ import annotations

import json
import re

# SQS takes 1 MiB, message attributes included, of which there are none.
MOST_BYTES = 1_048_576

# SQS takes what XML 1.0 can hold (its `SendMessage` page names these ranges).
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit(body: str) -> str:
    """`body` as SQS takes it: ASCII JSON that is too long is written again without escapes, a third of the bytes.

    Raises ValueError when it is longer than 1 MiB even so, or holds characters that SQS refuses.
    """
    if len(body) > MOST_BYTES and body.isascii():
        plain = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
        body = _ILLEGAL.sub(lambda found: f"\\u{ord(found[0]):04x}", plain)
    elif not (body.isascii() and body.isprintable()) and _ILLEGAL.search(body):
        raise ValueError("the message holds characters that SQS refuses; escape them")
    if len(body) > MOST_BYTES // 4 and len(body.encode()) > MOST_BYTES:
        raise ValueError(f"the message is longer than the {MOST_BYTES} bytes that SQS takes")
    return body
