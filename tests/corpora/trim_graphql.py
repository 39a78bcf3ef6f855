"""Cut GitHub's public GraphQL schema down to the types the simulator has.

    npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-15.26.1.tgz
    .venv/bin/python tests/corpora/trim_graphql.py package/schema.graphql

Of every type kept, the fields stay whose own type is kept (or a scalar or enum), with all their arguments; prose goes.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import build_schema, parse, print_ast
from graphql.language import ast

TARGET = Path(__file__).with_name("github.graphql.gz")
ROOTS = {
    "Query": {"repository", "node", "viewer", "rateLimit"},
    "Mutation": {
        "addPullRequestReviewThreadReply",
        "convertPullRequestToDraft",
        "markPullRequestReadyForReview",
        "resolveReviewThread",
        "unresolveReviewThread",
    },
}
OBJECTS = {
    *("Actor", "Bot", "Node", "Organization", "User", "Repository", "RateLimit", "PageInfo", "Commit"),
    *("PullRequest", "PullRequestReview", "PullRequestReviewThread", "PullRequestReviewComment"),
    *("PullRequestReviewThreadConnection", "PullRequestReviewThreadEdge"),
    *("PullRequestReviewCommentConnection", "PullRequestReviewCommentEdge"),
    *("StatusCheckRollup", "StatusCheckRollupContext", "StatusCheckRollupContextConnection"),
    *("StatusCheckRollupContextEdge", "CheckRun", "StatusContext"),
    *("AddPullRequestReviewThreadReplyPayload", "ConvertPullRequestToDraftPayload"),
    *("MarkPullRequestReadyForReviewPayload", "ResolveReviewThreadPayload", "UnresolveReviewThreadPayload"),
}


def named(node: ast.TypeNode) -> str:
    """The name inside lists and exclamation marks."""
    while not isinstance(node, ast.NamedTypeNode):
        node = node.type
    return node.name.value


def main(source: str) -> None:
    """Write the corpus."""
    document = parse(Path(source).read_text(encoding="utf-8"), no_location=True)
    known = {definition.name.value: definition for definition in document.definitions if hasattr(definition, "name")}
    kept: dict[str, Any] = {}
    wanted = list(known.keys() & (OBJECTS | ROOTS.keys()))
    while wanted:
        name = wanted.pop()
        definition = known.get(name)
        if name in kept or definition is None or name in ("String", "Int", "Boolean", "ID", "Float"):
            continue
        kept[name] = trimmed(definition, known)
        wanted += leads_to(kept[name])
    text = "\n\n".join(print_ast(kept[name]) for name in sorted(kept)) + "\n"
    build_schema(text)
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(kept)} types, {TARGET.stat().st_size // 1024} KiB")


def bare(node: Any) -> Any:
    """A definition without prose and directives, down to its arguments."""
    changed: dict[str, Any] = {"description": None, "directives": ()}
    for name in ("fields", "values", "arguments"):
        if getattr(node, name, None):
            changed[name] = tuple(bare(part) for part in getattr(node, name))
    return replace(node, **{name: value for name, value in changed.items() if hasattr(node, name)})


def trimmed(definition: Any, known: dict[str, Any]) -> Any:
    """A type without the fields that lead elsewhere."""
    definition = bare(definition)
    if not isinstance(definition, ast.ObjectTypeDefinitionNode | ast.InterfaceTypeDefinitionNode):
        return definition
    only = ROOTS.get(definition.name.value)
    fields = tuple(
        field
        for field in definition.fields
        if (field.name.value in only if only else stays(named(field.type), known))
    )
    faces = tuple(face for face in definition.interfaces or () if face.name.value in OBJECTS and not only)
    return replace(definition, fields=fields, interfaces=faces)


def stays(name: str, known: dict[str, Any]) -> bool:
    """A field of this type is kept."""
    leaf = (ast.ScalarTypeDefinitionNode, ast.EnumTypeDefinitionNode, type(None))
    return name in OBJECTS or isinstance(known.get(name), leaf)


def leads_to(definition: ast.DefinitionNode) -> list[str]:
    """The types that its fields, their arguments and its interfaces name."""
    names = [face.name.value for face in getattr(definition, "interfaces", None) or ()]
    for field in getattr(definition, "fields", None) or ():
        names.append(named(field.type))
        names += [named(argument.type) for argument in getattr(field, "arguments", None) or ()]
    return names


if __name__ == "__main__":
    main(sys.argv[1])
