"""Shortcuts for moto's DynamoDB, which change no answer: stories make hundreds of appends and read ledgers whole.

Measured with 300 events in the table: an append 50 to 90 ms without, 20 ms with them; reading the ledger 750 ms
and 100 ms (two busy cores).
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_serialize_by_the_book = BaseJSONSerializer._serialize_type_structure
_query_by_the_book = Table.query
_INDEX_NAME = list(inspect.signature(Table.query).parameters).index("index_name") - 2  # after `self` and `hash_key`


def _serialize(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """An attribute's value has its JSON shape already; by the book every one of them is looked at ten times."""
    if shape.name == "AttributeValue" and key and isinstance(value, dict | DynamoType):
        serialized[key] = value if isinstance(value, dict) else value.to_json()
    else:
        _serialize_by_the_book(self, serialized, value, shape, key)


def _query(self: Table, hash_key: DynamoType, *args: Any, **named: Any) -> Any:
    """By the book every item of the table is sorted before those of the partition, or of the index, are picked."""
    everything, index_name = self.items, args[_INDEX_NAME]
    if index_name is None:
        self.items = {hash_key: everything[hash_key]} if hash_key in everything else {}
    elif index := next((index for index in self.all_indexes() if index.name == index_name), None):
        attribute = next(key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH")
        kept = {pk: {sk: item for sk, item in row.items() if attribute in item.attrs} for pk, row in everything.items()}
        self.items = {pk: row for pk, row in kept.items() if row}
    try:
        return _query_by_the_book(self, hash_key, *args, **named)
    finally:
        self.items = everything


@contextmanager
def quick() -> Iterator[None]:
    """For the length of a `with`."""
    BaseJSONSerializer._serialize_type_structure = _serialize
    Table.query = _query
    try:
        yield
    finally:
        BaseJSONSerializer._serialize_type_structure = _serialize_by_the_book
        Table.query = _query_by_the_book


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
