"""githubkit's description of GitHub's REST API, in the version we speak, without its models.

Each endpoint imports the pydantic models of its answer, a third of a second for the dozen that a run needs, and a
third of GitHub's own examples do not fit them. We read `.json()`, so in the models' place stands a module whose every
name is `Any`, and the functions' archive leaves the real one out (`infra/build.py`).
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import githubkit  # noqa: F401 - before its schemas, which import it in turn

API_VERSION = "2022-11-28"
_MODELS = "githubkit_schemas.v2022_11_28.models"


class _NoModels(ModuleType):
    __path__: list[str] = []  # noqa: RUF012 - a package with nothing in it

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Any


sys.modules.setdefault(_MODELS, _NoModels(_MODELS))

from githubkit_schemas.v2022_11_28.rest import RestNamespace  # noqa: E402

__all__ = ["API_VERSION", "RestNamespace"]
