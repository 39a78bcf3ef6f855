"""How long things are kept, in days: read from one setting."""

from __future__ import annotations

REST = 30
LEDGERS = 400  # an audit of the year before
LEAST = 7  # what is still needed is renewed once a day, and a day may be missed


def read(name: str, text: str, mistakes: list[str]) -> tuple[int, int]:
    """One number of days for everything but ledgers, or a second one for ledgers, after a blank or a comma. What is
    wrong goes to `mistakes`.
    """
    words = text.replace(",", " ").split() or [str(REST)]
    if len(words) > 2 or not all(word.isascii() and word.isdigit() and len(word) < 6 for word in words):
        mistakes.append(f"{name}={text!r} is not a number of days, or two of them: the second is for ledgers")
        return REST, LEDGERS
    days = int(words[0])
    ledgers = int(words[1]) if len(words) == 2 else max(LEDGERS, days)
    if days < LEAST:
        mistakes.append(f"{name}={text!r}: less than {LEAST} days lose what is still needed")
    if ledgers < days:
        mistakes.append(f"{name}={text!r}: ledgers (the second number) cannot go before the rest (the first)")
    return days, ledgers
