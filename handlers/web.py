"""The dashboard's function URL: the ASGI application through Mangum. Today it only says that it is well."""

from __future__ import annotations

from typing import Any

from mangum import Mangum

from app import log
from app.log import Redactor
from app.server import asgi

log.configure(Redactor())

_APPLICATION: Any = asgi.application(None)

handler = Mangum(_APPLICATION, lifespan="off")
