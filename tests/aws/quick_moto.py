"""Shortcuts for moto's DynamoDB, which change no answer: stories make hundreds of appends and read ledgers whole.

Measured with 300 events in the table: an append 50 to 90 ms without, 20 ms with them; reading the ledger 750 ms
and 100 ms (two busy cores).
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import AttributeValue, ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict
from moto.dynamodb.models.table import Table

_SURELY_FITS = 200_000  # bytes of an item; a key has three in UTF-8 at most where `len` counts one
_cast_by_the_book = DynamoType.cast_value.fget
_size_by_the_book = DynamoType.size
_set_by_the_book = LimitedSizeDict.__setitem__
_parse_by_the_book = ConditionExpressionParser.parse
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
        self.items = {hash_key: _between(everything[hash_key], *args[:3])} if hash_key in everything else {}
    elif index := next((index for index in self.all_indexes() if index.name == index_name), None):
        attribute = next(key["AttributeName"] for key in index.schema if key["KeyType"] == "HASH")
        kept = {pk: {sk: item for sk, item in row.items() if attribute in item.attrs} for pk, row in everything.items()}
        self.items = {pk: row for pk, row in kept.items() if row}
    try:
        return _query_by_the_book(self, hash_key, *args, **named)
    finally:
        self.items = everything


class _Read(ConditionExpressionParser):
    """An expression, read once for all values."""

    node: Any

    def _lookup_expression_attribute_value(self, name: str) -> Any:
        return None

    def _make_op_condition(self, node: Any) -> Any:
        self.node = node


@lru_cache(maxsize=256)
def _read(expression: str, names: tuple[tuple[str, str], ...] | None) -> _Read:
    read = _Read(expression, None if names is None else dict(names), {})
    _parse_by_the_book(read)
    return read


class _Filled(ConditionExpressionParser):
    def _make_operand(self, node: Any) -> Any:
        if node.kind == self.Kind.EXPRESSION_ATTRIBUTE_VALUE:
            return AttributeValue(self.expression_attribute_values[node.text])  # type: ignore[index]
        return super()._make_operand(node)


def _parse(self: ConditionExpressionParser) -> Any:
    """By the book the text of a condition is taken apart again for every write that has it."""
    if not self.condition_expression:
        return _parse_by_the_book(self)
    names = self.expression_attribute_names
    read = _read(self.condition_expression, None if names is None else tuple(names.items()))
    self.expr_attr_names_found.extend(read.expr_attr_names_found)
    self.expr_attr_values_found.extend(read.expr_attr_values_found)
    filled = _Filled(None, None, self.expression_attribute_values)
    return filled._make_op_condition(read.node)


def _between(row: dict[Any, Any], comparison: str | None, bounds: list[DynamoType], limit: int) -> dict[Any, Any]:
    """The items of a partition, without most of those that the query is not for: it compares again."""
    if limit or comparison != "BETWEEN":
        return row
    low, high = (bound.value for bound in bounds)
    return {key: item for key, item in row.items() if low <= key.value <= high}


def _cast(self: DynamoType) -> Any:
    """Texts first: nearly all are."""
    return self.value if self.type == "S" else _cast_by_the_book(self)


def _size(self: DynamoType) -> int:
    return len(self.value.encode()) if self.type == "S" else _size_by_the_book(self)


def _set_attribute(self: LimitedSizeDict, key: str, value: Any) -> None:
    """By the book the sizes of all attributes are summed up for each of them."""
    size = (
        getattr(self, "size_so_far", 0)
        + len(key)
        + (value.size() if isinstance(value, DynamoType) else len(str(value)))
    )
    if size > _SURELY_FITS:
        _set_by_the_book(self, key, value)
    else:
        dict.__setitem__(self, key, value)
    self.size_so_far = size


@contextmanager
def quick() -> Iterator[None]:
    """For the length of a `with`."""
    with ExitStack() as stack:
        for owner, name, instead in (
            (BaseJSONSerializer, "_serialize_type_structure", _serialize),
            (Table, "query", _query),
            (ConditionExpressionParser, "parse", _parse),
            (DynamoType, "cast_value", property(_cast)),
            (DynamoType, "size", _size),
            (LimitedSizeDict, "__setitem__", _set_attribute),
        ):
            stack.enter_context(patch.object(owner, name, instead))
        yield


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
