"""What an installation may be without (an extra, says pip), and what to do where it is needed after all."""

from __future__ import annotations

import sys
from pathlib import Path

from app.errors import UserError

BOTO3 = ("boto3", "botocore")  # also what the model's SDK signs with and reads Bedrock's stream with
AWS = (*BOTO3, "aws_lambda_powertools")

_CHECKOUT = Path(__file__).parents[2]


def require(reason: str, modules: tuple[str, ...]) -> None:
    """Raises UserError, one line, when one of `modules` is not installed. `reason` is the setting that asks for it."""
    missing = [name for name in modules if not _is_there(name)]
    if missing:
        raise UserError(f"{reason} needs {missing[0]}, which is not installed. {how()}")


def how() -> str:
    """How the extra `aws` is installed into the Python that runs this. Nobody published us, so there is no name to give
    to pip but a checkout's folder.
    """
    if not (_CHECKOUT / "pyproject.toml").is_file():
        return f"Install `boto3>=1.44,<2` and `aws-lambda-powertools>=3.37,<4` for {sys.executable}."
    python = Path(sys.executable)
    if python.is_relative_to(_CHECKOUT):
        python = python.relative_to(_CHECKOUT)
    return f"In {_CHECKOUT}: `{python} -m pip install -e '.[aws]'`"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - a start that needs no extra does not pay for it

    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
