"""Output limits: head and tail of what a tool printed go to the model, the whole becomes a file it can read."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass

from app.errors import UserError
from app.ports.sandbox import Sandbox

# About 1,000 tokens of code, the best trade measured between input cost and reading again.
OUTPUT_CHARS = 3_500
LINE_CHARS = 1_000  # a minified file would otherwise fill the window with one line
# A command of a sandbox has at most 120,000 bytes.
PIECE_CHARS = 96 * 1024
DIRECTORY = "~/outputs"


@dataclass(frozen=True, kw_only=True)
class Capped:
    text: str
    cut: bool


def cap(text: str, *, where: str | None, total_bytes: int | None = None, limit: int = OUTPUT_CHARS) -> Capped:
    """Head and tail of `text` with a line between that says how much is missing and `where` the whole can be read.

    `total_bytes`: what was really written, when `text` is itself already head and tail.
    """
    size = len(text.encode("utf-8", "replace"))
    hidden_before = max(0, (total_bytes or size) - size)
    if len(text) <= limit and not hidden_before:
        return Capped(text=text, cut=False)
    head, tail = text[: limit * 2 // 5], text[-(limit - limit * 2 // 5) :] if len(text) > limit else ""
    if len(text) <= limit:
        head = text
    head, tail = _whole_lines(head, tail)
    missing = size - len(head.encode("utf-8", "replace")) - len(tail.encode("utf-8", "replace")) + hidden_before
    note = f"[... {missing:,} bytes omitted"
    note += f"; the whole is in {where}]" if where else "; narrow the command to see them]"
    return Capped(text=f"{head}\n{note}\n{tail}", cut=True)


def _whole_lines(head: str, tail: str) -> tuple[str, str]:
    """Cut at line ends when that loses little."""
    end, start = head.rfind("\n"), tail.find("\n")
    if end > len(head) * 3 // 4:
        head = head[:end]
    if 0 <= start < len(tail) // 4:
        tail = tail[start + 1 :]
    return head, tail


def short_lines(text: str) -> str:
    """`text` with over-long lines cut, each saying how much it lost."""
    if len(text) <= LINE_CHARS:
        return text
    return "\n".join(
        line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]} [... {len(line) - LINE_CHARS:,} characters]"
        for line in text.split("\n")
    )


def keep_whole(sandbox: Sandbox, name: str, content: bytes) -> str | None:
    """Write `content` to a file in the sandbox's home, outside the tree; its path for a shell, None when it failed."""
    packed = base64.b64encode(gzip.compress(content, 1)).decode("ascii")
    pieces = [packed[i : i + PIECE_CHARS] for i in range(0, len(packed), PIECE_CHARS)]
    target = f"{DIRECTORY}/{name}"
    commands = [f"mkdir -p {DIRECTORY} && printf %s {pieces[0]} > {target}.b64"]
    commands += [f"printf %s {piece} >> {target}.b64" for piece in pieces[1:]]
    commands[-1] += f" && base64 -d < {target}.b64 | gzip -d > {target} && rm -f {target}.b64"
    try:
        # Through the kept shell: it is there already, so this costs a millisecond and not the start of a process tree.
        kept = all(sandbox.shell(command, timeout_seconds=30).ok for command in commands)
    except UserError:
        return None
    return target if kept else None
