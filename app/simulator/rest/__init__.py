"""The REST face: every operation the product may call. What is not here, fails the test."""

from app.simulator.rest import (
    apps,
    checks,
    git,
    graphql,
    issues,
    labels,
    pulls,
    repositories,
    reviews,
    search,
    statuses,
    workflows,
)
from app.simulator.routing import Route, Routes


def _specific_first(route: Route) -> tuple[int, bool, int]:
    """Fixed words before placeholders, and placeholders that swallow slashes last."""
    template = route.template
    return template.count("+}"), template.endswith("+}"), template.count("{")


ALL = Routes()
for _part in (apps, repositories, git, checks, labels, issues, pulls, reviews, graphql, search, statuses, workflows):
    ALL.table += _part.routes.table
ALL.table.sort(key=_specific_first)
