"""The witness: one empty, locked S3 object for every new head, in a bucket that the ledger's table knows nothing of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from app.aws.clients import translated
from app.ports.platform import Clock

_MOST = 99_999_999


class _Head(NamedTuple):
    run_id: str
    seq: int
    digest: str
    written: Any  # the platform's time


class S3Heads:
    """Each is locked for `days`, as long as its ledger is kept after its last event. GOVERNANCE: an administrator with
    a permission of its own may still delete, which no role of template.yaml holds.

    Keys `heads/<run>/<99999999 - seq>-<digest>`: S3 lists in the order of keys, so the first is the newest.

    Versions are listed, not objects: a delete marker hides an object, but not its locked version.
    """

    def __init__(self, s3: Any, bucket: str, clock: Clock, days: int) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._kept = timedelta(days=days)

    def append(self, run_id: str, seq: int, digest: str) -> None:
        """Record a head. Doing it twice is harmless."""
        with translated("witness a head"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=f"heads/{run_id}/{_MOST - seq:08d}-{digest}",
                Body=b"",
                ObjectLockMode="GOVERNANCE",
                ObjectLockRetainUntilDate=self._clock.now() + self._kept,
            )

    def head(self, run_id: str) -> tuple[int, str] | None:
        """The highest head recorded for a run; the first one recorded when there are two of the same height."""
        newest: list[_Head] = []
        for head in self._heads(f"heads/{run_id}/", page_size=10):
            if newest and head.seq != newest[0].seq:
                break
            newest.append(head)
        if not newest:
            return None
        first = min(newest, key=lambda head: head.written)
        return first.seq, first.digest

    def is_locked(self, run_id: str) -> bool:
        """Whether the newest head is younger than `days`."""
        newest = next(self._heads(f"heads/{run_id}/", page_size=1), None)
        return newest is not None and self._clock.now() - newest.written < self._kept

    def runs(self) -> list[str]:
        """Every run with a head, in no order; a thousand a call. Those whose heads are all hidden count too."""
        found: list[str] = []
        with translated("list the runs that were witnessed"):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix="heads/", Delimiter="/"
            )
            for page in pages:
                found += [item["Prefix"].split("/")[1] for item in page.get("CommonPrefixes", [])]
        return found

    def problems(self, run_id: str = "") -> list[str]:
        """What was done to the heads, of one run or of all, in sentences; empty when nothing was. A page of a thousand
        heads is one call.
        """
        found: list[str] = []
        last: _Head | None = None
        hidden: dict[str, Any] = {}  # a page's markers come with its versions, newest first
        with translated("list the heads"):
            prefix = f"heads/{run_id}/" if run_id else "heads/"
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                hidden |= {marker["Key"]: marker["LastModified"] for marker in page.get("DeleteMarkers", [])}
                for version in page.get("Versions", []):
                    head = _parse(version)
                    if head is None:
                        continue
                    at = hidden.pop(version["Key"], None)
                    if at is not None and at - head.written < self._kept:
                        found.append(
                            f"the witness of event {head.seq} of {head.run_id} was deleted; its locked version stands"
                        )
                    if last and head[:2] == last[:2] and head.digest != last.digest:
                        found.append(f"two heads were witnessed for event {head.seq} of {head.run_id}")
                    last = head
        return found

    def _heads(self, prefix: str, *, page_size: int) -> Iterator[_Head]:
        with translated("read the witness"):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": page_size}
            )
            for page in pages:
                yield from filter(None, map(_parse, page.get("Versions", [])))


def _parse(version: dict[str, Any]) -> _Head | None:
    try:
        _, run_id, name = version["Key"].split("/")
        down, _, digest = name.partition("-")
        return _Head(run_id, _MOST - int(down), digest, version["LastModified"])
    except ValueError:
        return None
