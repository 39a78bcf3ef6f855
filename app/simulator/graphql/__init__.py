"""What REST cannot do: review threads, drafts. Documents are read and answered field by field, as they were asked."""

from app.simulator.graphql.execution import execute

__all__ = ["execute"]
