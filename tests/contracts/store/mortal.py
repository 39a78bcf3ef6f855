"""Stores whose users die in the middle of an append, and stores as a version before this one left them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.local.database import Database
from app.local.schema import ADDED, ONCE, SCHEMA
from app.local.store import SqliteStore
from app.runs.read_model import ADDED as NEW_FIELDS
from tests.clock import HeldClock


class Died(BaseException):
    """The process is gone."""


class Mortal(Database):
    """A database whose user dies at statement `dies_at` of the next transaction; at 0 it lives."""

    dies_at = 0

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Any]:
        with super().write(durable=durable) as connection:
            yield _Statements(connection, self)


class _Statements:
    def __init__(self, connection: Any, mortal: Mortal) -> None:
        self._connection, self._mortal = connection, mortal

    def __getattr__(self, name: str) -> Any:
        self._mortal.dies_at -= 1
        if self._mortal.dies_at == 0:
            raise Died
        return getattr(self._connection, name)


class Platform:
    """A store of its own, and ways to die in it."""

    def __init__(self, folder: Path, clock: HeldClock, aws: Any = None) -> None:
        self.folder, self.clock, self.aws = folder, clock, aws
        self.store = self.opened()

    def opened(self) -> Any:
        """As another process would."""
        if self.aws:
            from app.aws.store import DynamoStore

            return DynamoStore(self.aws.clients, self.aws.cloud.table, self.aws.cloud.bucket, self.clock)
        store = SqliteStore(self.folder, self.clock)
        if not isinstance(store._database, Mortal):
            store._database.close()
            store._database = Mortal(self.folder / "ledger.db", SCHEMA, added=ADDED, once=ONCE)
        return store

    def dies(self, place: int) -> None:
        """In the middle of the next append: before it, while it is done, or before its answer is there."""
        if not self.aws:
            self.store._database.dies_at = place
        else:
            self.aws.dies_at("dynamodb", "TransactWriteItems", Died(), after=place > 2)

    def lives(self) -> None:
        if self.aws:
            self.aws.faults.clear()
        else:
            self.store._database.dies_at = 0

    def age(self) -> None:
        """Make the store what the version before would have left."""
        if self.aws:
            return _age_table(self.store._table)
        with self.store._database.write() as connection:
            removed = ", ".join(f"'$.{name}'" for name in NEW_FIELDS)
            for trigger in ("runs_charged_first", "runs_charged", "runs_gone"):
                connection.execute(f"DROP TRIGGER {trigger}")
            for statement in (
                "DROP TABLE charges",
                f"UPDATE runs SET summary = json_remove(summary, {removed})",
                "DROP INDEX runs_at_hand",
                "DROP INDEX runs_that_wait",
                "PRAGMA user_version = 0",
            ):
                connection.execute(statement)
        return None


def _age_table(table: Any) -> None:
    for item in table._dynamo.scan(TableName=table.name)["Items"]:
        if "summary" in item:
            row = {name: value for name, value in json.loads(item["summary"]["S"]).items() if name not in NEW_FIELDS}
            item["summary"] = {"S": json.dumps(row)}
            if item.get("gsi2pk") == {"S": "PARKED"}:
                del item["gsi2pk"], item["gsi2sk"]
        if item["pk"]["S"].startswith("DAY#"):
            del item["gsi1pk"], item["gsi1sk"]
        table._dynamo.put_item(TableName=table.name, Item=item)


@contextmanager
def platform_of(kind: str) -> Iterator[Platform]:
    clock = HeldClock()
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            platform = Platform(Path(folder) / "home", clock)
            yield platform
            platform.store.close()
            return
        from tests.aws.emulator import emulated

        with emulated(clock) as aws:
            yield Platform(Path(folder), clock, aws)
