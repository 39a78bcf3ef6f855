"""`schema`: the JSON schema of the repository configuration, for editors."""

from __future__ import annotations

import argparse
import json


def schema(_arguments: argparse.Namespace) -> int:
    """Print it."""
    from app.config.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
