"""What the model can do: the published bash and text-editor tools, and five of our own."""

from app.agent.tools.registry import Toolbox, ToolResult, changes_tree, not_executed
from app.agent.tools.schemas import (
    ASK,
    BASH,
    BREAKING,
    DIAGNOSIS,
    EDIT,
    FINISH,
    MALFORMED,
    PLAN,
    THREAD,
    TOOLS,
    offered,
)

__all__ = [
    "ASK",
    "BASH",
    "BREAKING",
    "DIAGNOSIS",
    "EDIT",
    "FINISH",
    "MALFORMED",
    "PLAN",
    "THREAD",
    "TOOLS",
    "ToolResult",
    "Toolbox",
    "changes_tree",
    "not_executed",
    "offered",
]
