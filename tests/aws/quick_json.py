"""A request whose body is JSON, as moto's handlers read it, without the WSGI environment that moto builds for each and
takes apart again; and botocore's signature, which moto does not look at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import ParseResult, urlparse

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import get_current_datetime
from moto.core.responses import BaseResponse
from moto.core.utils import utcnow
from moto.iam.models import mark_account_as_visited
from moto.utilities.utils import get_partition
from werkzeug.http import http_date

MOTO_KEY = "FOOBARKEY"  # `mock_aws` puts it into the environment; whoever else signs may be held to it
_JSON = "application/x-amz-json-"

_set_up_by_the_book: Callable[..., None] = BaseResponse.setup_class
_sign_by_the_book: Callable[..., None] = SigV4Auth.add_auth
_parsed = lru_cache(maxsize=64)(urlparse)


class Headers(dict[str, str]):
    """In any spelling."""

    def __init__(self, headers: Mapping[str, Any]) -> None:
        super().__init__((name.lower(), _text(value)) for name, value in headers.items())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class JsonRequest:
    """What moto asks of its own `Request`."""

    from_wsgi_server = False

    def __init__(self, request: AWSPreparedRequest) -> None:
        body = request.body or b""
        self.data: bytes = body.encode() if isinstance(body, str) else body
        self.headers = Headers(request.headers)
        self.url = self.raw_url = request.url
        self.method = request.method
        self.path = self.raw_path = _parsed(request.url).path or "/"
        self.content_type = self.headers.get("content-type", "")
        self.values: dict[str, str] = {}


def is_json(request: Any) -> bool:
    """Whether a request is of a service that speaks JSON, and has nothing but its body to say."""
    kind = _text(request.headers.get("Content-Type") or "")
    return kind.startswith(_JSON) and "?" not in request.url and isinstance(request.body, str | bytes | bytearray)


def set_up(self: Any, request: Any, full_url: str | None = None, headers: Any = None, *args: Any, **named: Any) -> None:
    """`BaseResponse.setup_class`."""
    if not isinstance(request, JsonRequest):
        _set_up_by_the_book(self, request, full_url, headers, *args, **named)
        return
    url: ParseResult = _parsed(request.url)
    self.is_werkzeug_request = False
    self.normalized_request = request
    self.parsed_url, self.uri, self.path, self.raw_path = url, request.url, url.path, request.raw_path
    self.form_data = {}
    self.raw_body = request.data
    self.body = request.data.decode()
    self.querystring = self.data = {}
    self.method = request.method
    self.headers = request.headers
    self.region = self.get_region_from_url(request, request.url)
    self.partition = get_partition(self.region)
    self.uri_match = {}
    self.response_headers = {"server": "amazon.com", "date": http_date(utcnow())}
    if self.automated_parameter_parsing and self._get_action():
        self.parse_parameters(request)
    self.access_key = self.get_access_key()
    self.current_account = self.get_current_account()
    mark_account_as_visited(
        account_id=self.current_account, access_key=self.access_key, service=self.service_name, region=self.region
    )


def sign(self: Any, request: Any) -> None:
    """`SigV4Auth.add_auth`, where the credentials are those that moto made up."""
    if self.credentials is None or self.credentials.access_key != MOTO_KEY:
        _sign_by_the_book(self, request)
        return
    request.context["timestamp"] = get_current_datetime().strftime(SIGV4_TIMESTAMP)
    self._modify_request_before_signing(request)
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={self.scope(request)}, SignedHeaders=host, Signature=-"
    )
