"""How large the next prompt is, and which old results the vendor should leave out of it. Pure.

What is left out only grows, and in large pieces: it stays the same from call to call, so the cache holds.
"""

from __future__ import annotations

from app.agent import budget
from app.agent.stops import Options, Stop
from app.agent.transcript import Transcript
from app.ports.model import Clearing

BYTES_PER_TOKEN = 4  # of English and code; for decisions where the worst case would be too cautious


def prompt_tokens(transcript: Transcript, fixed_bytes: int) -> int:
    """An upper bound for the next prompt: what the vendor counted last, and the worst case for what came since.

    `fixed_bytes`: the size of what comes before the conversation, the system blocks and the tools.
    """
    since = budget.worst_tokens(transcript.new_bytes)
    if transcript.prompt_tokens:
        return transcript.prompt_tokens + since
    return budget.HIDDEN_PROMPT_TOKENS + budget.worst_tokens(fixed_bytes) + since


def cleared(transcript: Transcript, options: Options, model: str, prompt_tokens: int) -> int | Stop:
    """Of how many tool uses, the oldest ones, the results are left out; a stop when even that does not make room."""
    price = budget.price_of(model)
    window = int(price.window * options.window_share) - options.thought.reply_tokens
    if transcript.overflow or prompt_tokens > window:
        if transcript.clearable_bytes(1):
            return transcript.answered - 1
        detail = f"The conversation no longer fits the model's context ({price.window:,} tokens)."
        return Stop(kind="context_exhausted", detail=detail)
    likely = transcript.prompt_tokens + transcript.new_bytes // BYTES_PER_TOKEN
    saving = transcript.clearable_bytes(options.keep_results) // BYTES_PER_TOKEN
    due = likely > options.clear_above_tokens and saving >= options.clear_at_least_tokens
    return transcript.answered - options.keep_results if due else transcript.cleared


def as_asked(transcript: Transcript, options: Options) -> Clearing:
    """The results to leave out, said as the API takes it: by how many of the last are kept."""
    keep = transcript.answered - transcript.cleared
    return Clearing(
        above_tokens=options.clear_above_tokens,
        keep=keep if transcript.cleared else max(keep, options.keep_results),
        # A piece that a full window forces may be smaller; it still has to be cleared, then and ever after.
        at_least_tokens=min(options.clear_at_least_tokens, transcript.cleared_bytes // 8),
    )
