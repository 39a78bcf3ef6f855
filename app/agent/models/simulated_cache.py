"""What the vendor's prompt cache would do with a request, so that scripted runs report plausible usage and cost.

Rules as documented: a mark (`cache_control`) stores the prompt up to its block; a later request reads the longest
stored prefix that ends at a mark or within the 20 blocks before one; prompts under a minimum are not stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

CHARS_PER_TOKEN = 4
LOOK_BACK_BLOCKS = 20
SMALLEST_STORED_TOKENS = 1_024
MARK = "cache_control"


def tokens_of(value: Any) -> int:
    """About as many tokens as the vendor would count for JSON-shaped `value`; a signature costs none."""
    text = value if isinstance(value, str) else json.dumps(_unsigned(value), ensure_ascii=False, separators=(",", ":"))
    return max(1, len(text) // CHARS_PER_TOKEN)


def _unsigned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _unsigned(item) for name, item in value.items() if name != "signature"}
    return [_unsigned(item) for item in value] if isinstance(value, list | tuple) else value


class SimulatedCache:
    """Remembers which prefixes were stored, by digest. Nothing expires."""

    def __init__(self) -> None:
        self._stored: set[bytes] = set()

    def usage(self, body: Mapping[str, Any]) -> dict[str, int]:
        """The input side of the API's usage for a request's `body`, and the cache filled by it."""
        running = hashlib.sha256(str(body["model"]).encode())
        digests: list[bytes] = []
        sums: list[int] = []
        marks: list[int] = []
        total = 0
        for position, (role, block) in enumerate(_blocks(body)):
            digest, tokens = self._measure(block)
            running.update(role.encode() + digest)
            total += tokens
            digests.append(running.digest())
            sums.append(total)
            if MARK in block:
                marks.append(position)
        read = 0
        for mark in marks:
            for position in range(mark, max(-1, mark - LOOK_BACK_BLOCKS), -1):
                if digests[position] in self._stored:
                    read = max(read, sums[position])
                    break
        stored = [mark for mark in marks if sums[mark] >= SMALLEST_STORED_TOKENS]
        self._stored.update(digests[mark] for mark in stored)
        written = max((sums[mark] for mark in stored), default=0)
        written = max(0, written - read)
        return {
            "input_tokens": total - read - written,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
        }

    def _measure(self, block: Mapping[str, Any]) -> tuple[bytes, int]:
        """Digest and tokens of a block without its mark."""
        bare = {name: item for name, item in block.items() if name != MARK}
        text = json.dumps(bare, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        unsigned = len(text) - len(str(block.get("signature", "")))
        return hashlib.sha256(text.encode("utf-8", "replace")).digest(), max(1, unsigned // CHARS_PER_TOKEN)


def _blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for tool in body.get("tools", []):
        yield "tool", tool
    for block in body.get("system", []):
        yield "system", block
    for message in body["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            yield str(message["role"]), block
