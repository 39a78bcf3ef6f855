"""The one GraphQL address."""

from __future__ import annotations

from app.simulator import graphql
from app.simulator.http import ApiError, Response
from app.simulator.routing import Call, Routes

routes = Routes()


@routes.add("POST", "/graphql")
def answer(call: Call) -> Response:
    """What a document asks for; errors come with the status 200."""
    query = call.body.get("query")
    if not isinstance(query, str):
        raise ApiError(400, "A query attribute must be specified and must be a string.")
    assert call.token is not None
    return Response(200, graphql.execute(call.world, call.token, query, call.body.get("variables") or {}))
