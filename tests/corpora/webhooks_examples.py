"""Pack GitHub's example payloads into `webhooks-examples.json.gz`: a list of [event, payload], as published.

    npm pack @octokit/webhooks-examples@7.6.1 && tar xzf octokit-webhooks-examples-7.6.1.tgz
    .venv/bin/python tests/corpora/webhooks_examples.py package/api.github.com/index.json

Source: @octokit/webhooks-examples 7.6.1 (MIT licence, © the Octokit contributors; payloads contributed by the
community). Nothing is edited; the result is byte for byte the same each time.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

TARGET = Path(__file__).with_name("webhooks-examples.json.gz")


def pack(source: Path) -> int:
    """Write TARGET from the package's `index.json`; returns how many payloads it holds."""
    events = json.loads(source.read_text(encoding="utf-8"))
    examples = [[event["name"], example] for event in events for example in event["examples"]]
    data = json.dumps(examples, separators=(",", ":")).encode("ascii")
    TARGET.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))
    return len(examples)


if __name__ == "__main__":
    print(pack(Path(sys.argv[1])))
