"""Lists by cursor."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TypeVar

from app.simulator.graphql.values import Args, Problem, Shaped, plain

Item = TypeVar("Item")
MOST = 100  # GitHub's limit of `first` and `last`


def _cursor(index: int) -> str:
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def _index(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().rpartition(":")[2])
    except ValueError:
        raise Problem("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from None


def connection(type_name: str, items: Sequence[Item], shape: Callable[[Item], Shaped], args: Args) -> Shaped:
    """One page of a list, as `nodes` or `edges`.

    Raises what GitHub raises for neither or both of `first` and `last`, and for more than a hundred.
    """
    first, last = args.get("first"), args.get("last")
    if (first is None) == (last is None):
        message = f"You must provide a `first` or `last` value to properly paginate the `{type_name}` connection."
        raise Problem("MISSING_PAGINATION_BOUNDARIES" if first is None else "INVALID_PAGINATION_ARGUMENTS", message)
    size = first if last is None else last
    if not isinstance(size, int) or not 1 <= size <= MOST:
        message = (
            f"Requesting {size} records on the `{type_name}` connection exceeds the `first` limit of {MOST} records."
        )
        raise Problem("EXCESSIVE_PAGINATION", message)
    begin = _index(args["after"]) + 1 if args.get("after") else 0
    end = _index(args["before"]) if args.get("before") else len(items)
    begin, end = (begin, min(end, begin + size)) if last is None else (max(begin, end - size), end)
    shown = list(range(begin, end))
    info = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": begin > 0,
        "startCursor": _cursor(shown[0]) if shown else None,
        "endCursor": _cursor(shown[-1]) if shown else None,
    }
    page = Shaped(type="PageInfo", fields={name: plain(value) for name, value in info.items()})

    def edge(index: int) -> Shaped:
        fields = {"cursor": lambda _args: _cursor(index), "node": lambda _args: shape(items[index])}
        return Shaped(type=f"{type_name}Edge", fields=fields)

    return Shaped(
        type=f"{type_name}Connection",
        fields={
            "nodes": lambda _args: [shape(items[index]) for index in shown],
            "edges": lambda _args: [edge(index) for index in shown],
            "totalCount": lambda _args: len(items),
            "pageInfo": lambda _args: page,
        },
    )
