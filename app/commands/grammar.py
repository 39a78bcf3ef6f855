"""The grammar of `/agent VERB [text] [--flag value]`. Pure, linear in the comment's length, and never raises.

A comment speaks to the agent when its first own line does, at column 0: `/agent …` or `@<slug> …`, in any case. Quotes,
code and hidden HTML before that line are skipped. From there on every such line is a command, and other lines belong
to the text of the command above them. Prose before any command makes the whole comment a comment among people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.commands.lines import lines
from app.commands.verbs import ALIASES, FLAGS, INSTRUCT, VERBS
from app.jobs.job import Command
from app.jobs.verb import ISSUE, PULL_REQUEST, Verb

PREFIX = "/agent"
MAX_COMMANDS = 10  # more in one comment is a mistake or an attack, and each one costs a line in the answer

_DASHES = "‐‑‒–—―−"  # what keyboards and word processors make of "-" and "--"
_QUOTES: Mapping[str, str] = {'"': '"', "'": "'", "“": "”", "”": "”", "„": "“”", "‘": "’", "’": "’", "«": "»"}
_SHOWN = 40  # characters of a mistaken word that an error repeats


def parse(text: str, *, slug: str, prefix: str = PREFIX, on_pull_request: bool = False) -> tuple[Command, ...]:
    """The commands of a comment, in order; none when it does not speak to the agent.

    A command that cannot be obeyed (unknown flag, wrong place, not built yet) carries its `error`.
    """
    found: list[tuple[str, list[str]]] = []
    for line, is_own in lines(text):
        rest = _addressed(line, prefix, slug) if is_own else None
        if rest is not None:
            if len(found) == MAX_COMMANDS:
                too_many = f"More than {MAX_COMMANDS} commands in one comment: the rest was not read."
                return (*_commands(found, prefix, on_pull_request), Command(verb=INSTRUCT.name, error=too_many))
            found.append((rest, []))
        elif found:
            found[-1][1].append(line)
        elif is_own and line.strip():
            return ()
    return _commands(found, prefix, on_pull_request)


def _commands(found: list[tuple[str, list[str]]], prefix: str, on_pull_request: bool) -> tuple[Command, ...]:
    """The same again in one comment is said once: it would be answered in the same words."""
    made = [_command(rest, below, prefix, on_pull_request) for rest, below in found]
    return tuple(command for number, command in enumerate(made) if command not in made[:number])


def _addressed(line: str, prefix: str, slug: str) -> str | None:
    """What follows the prefix or the mention; None when the line is no command."""
    for start in (prefix, f"@{slug}[bot]", f"@{slug}"):
        if line[: len(start)].lower() == start.lower():
            rest = line[len(start) :]
            if not rest or rest[0].isspace():
                return rest.strip()
            if start[0] == "@" and rest[0] in ",:" and not rest[1:2].strip():
                return rest[1:].strip()
    return None


def _command(rest: str, below: list[str], prefix: str, on_pull_request: bool) -> Command:
    first = rest.split(maxsplit=1)[0] if rest else "help"
    name = _dashed(first).lower().rstrip(_AFTER_A_WORD)
    verb = VERBS.get(name, INSTRUCT)
    line = rest[len(first) :].strip() if verb is not INSTRUCT else rest
    more = "\n".join(below).strip("\n").rstrip()
    flags: dict[str, str] = {}
    error: str | None = None
    if not verb.raw:
        line, flags, error = _flags(line, verb, prefix)
    if verb is INSTRUCT:
        error = _mistyped_verb(rest, is_alone=not more, prefix=prefix) or error
    full = f"{line}\n{more}".strip() if more else line
    return Command(verb=verb.name, text=full, flags=flags, error=_placed(verb, prefix, on_pull_request) or error)


def _placed(verb: Verb, prefix: str, on_pull_request: bool) -> str | None:
    place = PULL_REQUEST if on_pull_request else ISSUE
    said = prefix if verb is INSTRUCT else f"{prefix} {verb.name}"
    if place in verb.works:
        return None
    if not verb.works:
        return f"`{said}` is not built yet. `{prefix} help` lists what works."
    if place not in verb.places:
        return f"`{said}` works on {verb.places[0]}s only, and this is {_a(place)}."
    return f"`{said}` is not built yet for {place}s; on {verb.works[0]}s it works."


def _a(place: str) -> str:
    return f"an {place}" if place[0] in "aeiou" else f"a {place}"


# ---------------------------------------------------------------- flags


def _flags(line: str, verb: Verb, prefix: str) -> tuple[str, dict[str, str], str | None]:
    """The line without its flags, the flags, and the first mistake in them. `--` alone ends the flags."""
    kept: list[str] = []
    flags: dict[str, str] = {}
    at = 0
    while at < len(line):
        end = _word_end(line, at)
        word = line[at:end]
        if word == "--":
            kept.append(line[end:].lstrip())
            break
        name, has_value = _flag(word, verb)
        if not name:
            after = _skip_spaces(line, end)
            kept.append(line[at:after])
            at = after
            continue
        if name not in verb.flags:
            return line, {}, _unknown_flag(name, verb, prefix)
        if name in flags:
            return line, {}, f"`--{name}` is given twice."
        if not FLAGS[name][0]:
            if has_value:
                return line, {}, f"`--{name}` takes no value."
            flags[name] = name
            at = _skip_spaces(line, end)
            continue
        start = line.index("=", at) + 1 if has_value else _skip_spaces(line, end)
        end = _value_end(line, start)
        value = _unquoted(line[start:end])
        if not value or (not has_value and _flag(value, verb)[0]):
            return line, {}, f"`--{name}` needs a value, as in `--{name} {FLAGS[name][0]}`."
        if mistake := _wrong_value(name, value):
            return line, {}, mistake
        flags[name] = value.removeprefix("$")
        at = _skip_spaces(line, end)
    return "".join(kept).strip(), flags, None


def amount_of(text: str) -> float | None:
    """An amount in US dollars above 0, as in `1.50` or `$3`; None for anything else."""
    whole, _, cents = text.strip().removeprefix("$").partition(".")
    digits = whole + cents
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and int(digits)):
        return None
    return float(f"{whole or 0}.{cents or 0}")


def wrong_model(name: str, before: str) -> str | None:
    """What is wrong with the name of a model, said behind the words `before`: none at all, or nearly an alias. Any
    other word may be a model's own name, which only its provider knows.
    """
    if name in ALIASES:
        return None
    if not name or _plain(name) != name:
        return f"`{before.strip()}` takes {_listed(ALIASES)}, or a model's own name, as in `{before}{ALIASES[-1]}`."
    near = closest(name.lower(), dict.fromkeys(ALIASES), cutoff=_NEAR_ALIAS)
    return f"I know no model `{name}`. Did you mean `{before}{near}`?" if near else None


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(f'`{word}`' for word in words[:-1])} or `{words[-1]}`"


def _wrong_value(name: str, value: str) -> str | None:
    if name == "budget":
        if amount_of(value) is None:
            return "`--budget` takes an amount in US dollars above 0, as in `--budget 1.50`."
    elif _plain(value) != value:
        return f"`--{name}` takes one word of at most {_SHOWN} letters, digits and `-._:/`."
    elif name == "model":
        return wrong_model(value, "--model ")
    return None


def _flag(word: str, verb: Verb) -> tuple[str, bool]:
    """(name in lower case, whether `=` follows it); an empty name when the word is no flag.

    A typographic dash counts only before a flag the verb has: "—but" is prose.
    """
    if word.startswith("--"):
        body, sure = word[2:], True
    elif word[:1] in _DASHES and word:
        body, sure = word.lstrip(_DASHES + "-"), False
    else:
        return "", False
    name, equals, _ = body.partition("=")
    name = _dashed(name).lower()
    if not name[:1].isalpha() or not (sure or name in verb.flags):
        return "", False
    return name, bool(equals)


def _value_end(line: str, start: int) -> int:
    """Where the value that begins at `start` ends: after its closing quote, else with the word."""
    for mark in _QUOTES.get(line[start : start + 1], ""):
        if (end := line.find(mark, start + 1)) > 0:
            return end + 1
    return _word_end(line, start)


def _word_end(line: str, at: int) -> int:
    while at < len(line) and not line[at].isspace():
        at += 1
    return at


def _skip_spaces(line: str, at: int) -> int:
    while at < len(line) and line[at].isspace():
        at += 1
    return at


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES[value[0]]:
        return value[1:-1].strip()
    return value


def _dashed(word: str) -> str:
    for dash in _DASHES:
        word = word.replace(dash, "-")
    return word


# ---------------------------------------------------------------- mistakes


def _unknown_flag(name: str, verb: Verb, prefix: str) -> str:
    said = prefix if verb is INSTRUCT else f"{prefix} {verb.name}"
    near = closest(name, verb.flags)
    if near:
        hint = f"Did you mean `--{near}`?"
    elif verb.flags:
        hint = f"It knows {', '.join(f'`--{flag}`' for flag in verb.flags)}. Put text with dashes in backticks."
    else:
        hint = "It takes no flags. Put text with dashes in backticks."
    return f"`{said}` has no flag `--{_plain(name)}`. {hint}"


def _mistyped_verb(rest: str, *, is_alone: bool, prefix: str) -> str | None:
    """A first word that is nearly a verb is a slip: passed on as an instruction it would do what nobody asked for.

    Before other words it must be nearer than alone: "step 2 is wrong" and "tests are missing" are instructions.
    """
    typed = rest.split(maxsplit=1)[0]
    word, is_alone = typed.lower().rstrip(_AFTER_A_WORD), is_alone and typed == rest
    near = closest(word, VERBS) if is_alone else closest(word, VERBS, cutoff=_NEAR)
    if near is None and not is_alone:
        near = next((verb for verb in VERBS if sorted(verb) == sorted(word)), None)
    if near is None or not (is_alone or (word[0] == near[0] and not _is_inflected(word, near))):
        return None
    more = "" if is_alone else " If it is for the run at work, begin with another word."
    return f"`{_plain(typed)}` is not a command. Did you mean `{prefix} {near}`?{more}"


_NEAR_ALIAS = 0.6  # the names are short: two letters swapped in `deep` leave half of its pairs
_NEAR = 0.8  # of difflib's ratio: one letter too many or too few, or two swapped
_AFTER_A_WORD = ":,.!?"


def _is_inflected(word: str, verb: str) -> bool:
    """Whether `word` is English for `verb`: "tests", "planned", "reviewing"."""
    stem = verb.rstrip("e")
    return word.startswith(stem) and word.removeprefix(stem).lstrip(stem[-1]) in {"s", "es", "ed", "er", "ing", "ers"}


def closest(word: str, known: Mapping[str, object], *, cutoff: float = 0.7) -> str | None:
    """The known word that `word` was probably meant to be."""
    if len(word) > _SHOWN:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - only mistakes pay for it, not every cold start

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)


def _plain(word: str) -> str:
    """`word` as it may stand between backticks in a comment."""
    return "".join(letter for letter in word[:_SHOWN] if letter.isascii() and (letter.isalnum() or letter in "-._:/"))
