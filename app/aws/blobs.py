"""Content by its SHA-256, as S3 objects: by the day on which it was stored, or with the ledger that it is a part of.

blobs/day/<digest>/<date>     gone by the bucket's rule for `blobs/day/`; stored again on another day, it is one more
blobs/ledger/<run>/<digest>   an event too big for the table; goes with the run's ledger
blobs/<digest>                of versions that kept both there; nothing is written there any more, and nothing expires
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections import OrderedDict
from typing import Any

from botocore.exceptions import ClientError

from app.aws.clients import code_of, translated
from app.errors import TransientError, UserError
from app.ports.platform import Clock
from app.retry import Retry

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")

# From here on it is cheaper to ask whether S3 has the object than to send it once more.
_ASK_FIRST_BYTES = 256 * 1024

# Parted, because a rule for objects' age goes by the beginning of their keys.
DAYS, LEDGERS, _OLD = "blobs/day/", "blobs/ledger/", "blobs/"

# Keys that this process knows to be stored: a workspace's snapshots name the same files over and over.
_REMEMBERED = 20_000

# How S3 says that there is no such object: to who may list, and to who may not.
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_REFUSED = frozenset({"403", "AccessDenied"})

# A body that breaks off while it is read is asked for again.
_BROKEN_OFF = Retry((0.0, 0.0))

# Two who store the same bytes at the same time: one of them is told to try again.
_BESIDE_ANOTHER = Retry.doubling(5, first_seconds=0.1, longest_seconds=1.6, spread=0.5)


class Unfit(UserError):
    """An object that is not what its name says, or is larger than was asked for."""


class S3Blobs:
    """Written once: `If-None-Match: *` keeps a versioned bucket from holding equal versions. Thread-safe."""

    def __init__(self, s3: Any, bucket: str, clock: Clock, *, may_list: bool = True) -> None:
        """`may_list`: whether the role may list the bucket. To who may not, S3 refuses what is not there as it does
        what is forbidden; whether a content is there is then seen by listing what begins with its whole digest.
        """
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._absent = _ABSENT if may_list else _ABSENT | _REFUSED
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, data: bytes) -> str:
        """Store `data` for today; returns its digest in hex. S3 checks the digest of what it receives."""
        digest = hashlib.sha256(data).hexdigest()
        self._put(self._today(digest), data)
        return digest

    def get(self, digest: str, *, most_bytes: int | None = None) -> bytes:
        """Raises KeyError for an unknown digest, Unfit when the object no longer has its content or has more than
        `most_bytes`, of which nothing is read then.
        """
        if not _DIGEST.match(digest):
            raise KeyError(digest)
        try:
            return self._get(self._today(digest), digest, most_bytes)
        except KeyError:
            days = self._days(digest)
        return self._get(days[-1] if days else f"{_OLD}{digest}", digest, most_bytes)

    def renew(self, digest: str) -> None:
        """Store it for today, too; nothing happens when there is none."""
        try:
            self.put(self.get(digest))
        except KeyError:
            return

    def put_event(self, run_id: str, data: bytes) -> str:
        """The same for what is part of a run's ledger."""
        digest = hashlib.sha256(data).hexdigest()
        self._put(f"{LEDGERS}{run_id}/{digest}", data)
        return digest

    def get_event(self, run_id: str, digest: str, *, most_bytes: int | None = None) -> bytes:
        """As `get`; written by an older version, it may be among the others."""
        try:
            return self._get(f"{LEDGERS}{run_id}/{digest}", digest, most_bytes)
        except KeyError:
            return self.get(digest, most_bytes=most_bytes)

    def _today(self, digest: str) -> str:
        return f"{DAYS}{digest}/{self._clock.now().date().isoformat()}"

    def _days(self, digest: str) -> list[str]:
        """The keys under which a content is stored, the newest last."""
        with translated("look for a blob"):
            page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=f"{DAYS}{digest}/")
        return sorted(item["Key"] for item in page.get("Contents", []))

    def _put(self, key: str, data: bytes) -> None:
        if self._knows(key):
            return
        if len(data) < _ASK_FIRST_BYTES or not self._is_there(key):
            self._write(key, base64.b64encode(hashlib.sha256(data).digest()).decode(), data)
        with self._lock:
            self._known[key] = None
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _get(self, key: str, digest: str, most_bytes: int | None) -> bytes:
        data = self._read(key, most_bytes)
        if hashlib.sha256(data).hexdigest() != digest:
            raise Unfit(f"`{key}` in `{self._bucket}` was changed: its content does not have its digest.")
        return data

    def _knows(self, key: str) -> bool:
        with self._lock:
            if key not in self._known:
                return False
            self._known.move_to_end(key)
            return True

    def _is_there(self, key: str) -> bool:
        with translated("look for a blob"):
            try:
                self._s3.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) in self._absent:
                    return False
                raise
        return True

    def _write(self, key: str, checksum: str, data: bytes) -> None:
        for _pause in _BESIDE_ANOTHER.tries(self._clock.sleep):
            with translated("store a blob"):
                try:
                    self._s3.put_object(
                        Bucket=self._bucket, Key=key, Body=data, ChecksumSHA256=checksum, IfNoneMatch="*"
                    )
                    return
                except ClientError as error:
                    if code_of(error) == "PreconditionFailed":
                        return
                    if code_of(error) != "ConditionalRequestConflict":
                        raise
        raise TransientError("Could not store a blob: others store the same.", retry_after_seconds=2)

    def _read(self, key: str, most_bytes: int | None) -> bytes:
        return _BROKEN_OFF.call(lambda: self._read_once(key, most_bytes), self._clock.sleep, on=TransientError)

    def _read_once(self, key: str, most_bytes: int | None) -> bytes:
        with translated("read a blob"):
            try:
                answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) in self._absent:
                    raise KeyError(key) from None
                raise
            if most_bytes is not None and int(answer["ContentLength"]) > most_bytes:
                answer["Body"].close()
                raise Unfit(f"`{key}` in `{self._bucket}` is larger than it may be.")
            return bytes(answer["Body"].read())
