"""Results that a build tool replays from its cache: they look like a run, and nothing ran. Pure.

The caches are switched off where they can be (`ways`); this is for what a project switches on again.
"""

from __future__ import annotations

import re

_REPLAYED = re.compile(
    r"^(?:\S*test\S*: cache hit, replaying logs \w+"  # turbo
    r"|> (?:nx run )?\S+:\S*test\S* +\[(?:local cache|remote cache|existing outputs match the cache, left as is)\]"
    r"|> Task \S*[tT]est (?:FROM-CACHE|UP-TO-DATE)"  # Gradle
    r"|ok[ \t]+\S+[ \t]+\(cached\).*"  # Go
    r"|\[INFO\] Skipping plugin execution \(cached\): \S*(?:surefire|failsafe)\S*)$",
    re.MULTILINE,
)


def is_replayed(text: str) -> bool:
    """Whether a part of the tests is told of and did not run."""
    return _REPLAYED.search(text) is not None
