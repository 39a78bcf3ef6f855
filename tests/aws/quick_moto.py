"""Two shortcuts for moto's DynamoDB, which change no answer: stories make hundreds of appends and read ledgers whole.

Measured with 300 events in the table: an append 50 to 90 ms without, 20 ms with them; reading the ledger 750 ms
and 100 ms (two busy cores).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_by_the_book = BaseJSONSerializer._serialize_type_structure


def _serialize(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """An attribute's value has its JSON shape already; by the book every one of them is looked at ten times."""
    if shape.name == "AttributeValue" and key and isinstance(value, dict | DynamoType):
        serialized[key] = value if isinstance(value, dict) else value.to_json()
    else:
        _by_the_book(self, serialized, value, shape, key)


@contextmanager
def quick() -> Iterator[None]:
    """For the length of a `with`."""
    BaseJSONSerializer._serialize_type_structure = _serialize
    try:
        yield
    finally:
        BaseJSONSerializer._serialize_type_structure = _by_the_book


@contextmanager
def cheap_backup(request: dict[str, Any]) -> Iterator[None]:
    """moto copies the whole table before each transaction, for when it fails. Where items are only put, checked or
    deleted none of them changes in place, so that a copy of the tree without its leaves does.
    """
    if any("Update" in write for write in request["TransactItems"]):
        yield
        return
    Table.__deepcopy__ = _without_leaves
    try:
        yield
    finally:
        del Table.__deepcopy__


def _without_leaves(table: Table, memo: dict[int, Any]) -> Table:
    copied = copy.copy(table)
    copied.items = copy.copy(table.items)
    for key, row in table.items.items():
        copied.items[key] = copy.copy(row) if isinstance(row, dict) else row
    return copied
