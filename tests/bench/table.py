"""The printed table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.bench.measure import Row

HEADS = ("", "ours", "floor", "ratio", "aim", "")
COMPARED = "floor"


def cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
    aim = "" if row.aim is None else f"≤ {row.aim:g} ×"
    verdict = "" if row.aim is None else "MISSED" if row.misses else "met"
    return (row.what, row.ours, row.floor, ratio, aim, verdict)


def lines(sections: Iterable[tuple[str, Sequence[Row]]]) -> Iterable[str]:
    """Aligned text: a heading for each section, its rows, the notes below the rows they belong to."""
    kept = [(title, rows) for title, rows in sections if rows]
    table = [HEADS, *(cells(row) for _, rows in kept for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADS))]

    def aligned(line: Sequence[str]) -> str:
        numbers = "  ".join(cell.rjust(width) for cell, width in zip(line[1:5], widths[1:5], strict=True))
        return f"  {line[0].ljust(widths[0])}  {numbers}  {line[5]}".rstrip()

    yield aligned(HEADS)
    for title, rows in kept:
        yield ""
        yield title
        for row in rows:
            yield aligned(cells(row))
            if row.note:
                yield f"      {row.note}"
