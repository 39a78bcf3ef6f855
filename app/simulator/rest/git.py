"""The Git Data API and commits, over real objects."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from app.simulator import git_history, git_refs
from app.simulator.actions import git, refs
from app.simulator.git_store import SHA, Identity, TreeEntry
from app.simulator.http import ApiError, Json, Response, not_found
from app.simulator.rest.repositories import decode_content
from app.simulator.routing import PAGE_SIZE, PAGE_SIZE_MAX, Call, Routes, bounded
from app.simulator.shapes import commits
from app.simulator.shapes.commits import base64_lines
from app.simulator.shapes.repositories import api_url, html_url
from app.simulator.state import Repository
from app.simulator.world import node_id

routes = Routes()

BLOB_LIMIT_BYTES = 100 * 1024 * 1024
TREE_LIMIT = 100_000  # entries of a recursive answer
MODES = ("100644", "100755", "040000", "160000", "120000")


@routes.add("POST", "/repos/{owner}/{repo}/git/blobs", needs="contents:write")
def create_blob(call: Call) -> Response:
    """Store a blob."""
    content = decode_content(call.body.get("content") or "", call.body.get("encoding") or "utf-8")
    sha = call.repo.git.write("blob", content)
    return Response(201, {"sha": sha, "url": f"{api_url(call.world, call.repo)}/git/blobs/{sha}"})


@routes.add("GET", "/repos/{owner}/{repo}/git/blobs/{sha}", needs="contents:read")
def get_blob(call: Call) -> Response:
    """A blob."""
    sha = call.params["sha"]
    content = call.repo.git.blob(sha) if SHA.fullmatch(sha) else None
    if content is None:
        raise not_found()
    if "raw" in call.request.headers.get("accept", ""):
        return Response(200, content, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    shown = {
        "sha": sha,
        "node_id": node_id("B", int(sha[:12], 16)),
        "size": len(content),
        "url": f"{api_url(call.world, call.repo)}/git/blobs/{sha}",
        "content": base64_lines(content),
        "encoding": "base64",
    }
    return Response(200, shown)


@routes.add("POST", "/repos/{owner}/{repo}/git/trees", needs="contents:write")
def create_tree(call: Call) -> Response:
    """Store a tree; paths under .github/workflows need the `workflows` permission."""
    repo, given = call.repo, call.body.get("tree")
    if not isinstance(given, list) or not given:
        raise ApiError(422, "Invalid tree info")
    base = call.body.get("base_tree")
    if base is not None:
        base_commit = repo.git.commit(base)
        base = base_commit.tree if base_commit is not None else base
        if repo.git.tree(base) is None:
            raise ApiError(422, f"base_tree {base} is not a valid tree oid")
    changes = {str(item.get("path")): _entry(repo, item) for item in given}
    if any(path.startswith(".github/workflows/") for path in changes):
        call.demand("workflows", "write")
    sha = repo.git.edit_tree(base, changes)
    if sha is None:
        raise ApiError(422, "GitRPC::BadObjectState: the tree would be empty")
    return Response(201, _tree(call, sha, recursive=False))


def _entry(repo: Repository, item: Json) -> TreeEntry | None:
    path, mode = item.get("path"), item.get("mode")
    parts = path.split("/") if isinstance(path, str) else [""]
    if any(part in ("", ".", "..", ".git") for part in parts) or mode not in MODES:
        raise ApiError(
            422, "tree.path contains a malformed path component" if mode in MODES else "Must supply a valid tree.mode"
        )
    if "content" in item:
        return TreeEntry(mode=mode, sha=repo.git.write("blob", item["content"].encode()))
    if item.get("sha") is None:
        return None
    found = repo.git.read(item["sha"])
    if mode != "160000" and (found is None or found[0] != TreeEntry(mode=mode, sha="").type):
        raise ApiError(422, f"tree.sha {item['sha']} is not a valid {item.get('type', 'blob')}")
    return TreeEntry(mode=mode, sha=item["sha"])


def _tree(call: Call, sha: str, *, recursive: bool) -> Json:
    repo = call.repo
    flags = ["-r", "-t"] if recursive else []
    listed = repo.git.run("ls-tree", *flags, "-l", "-z", sha).decode(errors="surrogateescape")
    entries: list[Json] = []
    for line in listed.split("\0"):
        if not line:
            continue
        about, path = line.split("\t", 1)
        mode, _, entry_sha, size = about.split()
        entry = TreeEntry(mode=mode, sha=entry_sha)
        entries.append(commits.tree_entry(call.world, repo, path, entry, int(size) if size != "-" else None))
    return {
        "sha": sha,
        "url": f"{api_url(call.world, repo)}/git/trees/{sha}",
        "tree": entries[:TREE_LIMIT],
        "truncated": len(entries) > TREE_LIMIT,
    }


@routes.add("GET", "/repos/{owner}/{repo}/git/trees/{sha+}", needs="contents:read")
def get_tree(call: Call) -> Response:
    """A tree, by its own SHA or that of a commit or the name of a branch."""
    repo, sha = call.repo, call.params["sha"]
    if not repo.branches:
        raise ApiError(409, "Git Repository is empty.")
    if not (SHA.fullmatch(sha) and repo.git.tree(sha) is not None):
        commit = git_refs.resolve(repo.git, sha)
        if commit is None:
            raise not_found()
        sha = commits.stored(repo, commit).tree
    return Response(200, _tree(call, sha, recursive="recursive" in call.request.query))


def _identity(call: Call, given: Json | None) -> Identity | None:
    if not given:
        return None
    if not given.get("name") or not given.get("email"):
        raise ApiError(422, 'Invalid request. "name" and "email" were not supplied.')
    date = datetime.fromisoformat(given["date"]) if given.get("date") else call.world.now()
    return Identity(name=given["name"], email=given["email"], date=date)


@routes.add("POST", "/repos/{owner}/{repo}/git/commits", needs="contents:write")
def create_commit(call: Call) -> Response:
    """Store a commit; without author and committer GitHub signs it for the App."""
    repo, body = call.repo, call.body
    tree, parents, message = body.get("tree"), body.get("parents") or [], body.get("message")
    if not isinstance(message, str) or not isinstance(tree, str):
        raise ApiError(422, 'Invalid request. "tree" and "message" must be supplied.')
    if repo.git.tree(tree) is None:
        raise ApiError(422, "Tree SHA does not exist")
    if any(repo.git.commit(parent) is None for parent in parents):
        raise ApiError(422, "Parent SHA does not exist or is not a commit object")
    sha = git.write_commit(
        call.world,
        call.actor,
        repo,
        tree=tree,
        parents=tuple(parents),
        message=message,
        author=_identity(call, body.get("author")),
        committer=_identity(call, body.get("committer")),
    )
    return Response(201, commits.git_commit(call.world, repo, sha))


@routes.add("GET", "/repos/{owner}/{repo}/git/commits/{sha}", needs="contents:read")
def get_git_commit(call: Call) -> Response:
    """A commit object."""
    if not SHA.fullmatch(call.params["sha"]):
        raise not_found()
    return Response(200, commits.git_commit(call.world, call.repo, call.params["sha"]))


@routes.add("GET", "/repos/{owner}/{repo}/git/ref/{ref+}", needs="contents:read")
def get_ref(call: Call) -> Response:
    """One ref, by its whole name after `refs/`."""
    name = f"refs/{call.params['ref']}"
    sha = git_refs.read_ref(call.repo.git, name)
    if sha is None:
        raise ApiError(409, "Git Repository is empty.") if not call.repo.branches else not_found()
    return Response(200, commits.ref(call.world, call.repo, name, sha))


@routes.add("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref+}", needs="contents:read")
def list_refs(call: Call) -> Response:
    """Every ref that begins so."""
    found = git_refs.read_refs(call.repo.git, f"refs/{call.params['ref']}")
    return call.page([commits.ref(call.world, call.repo, name, sha) for name, sha in found.items()])


@routes.add("POST", "/repos/{owner}/{repo}/git/refs", needs="contents:write")
def create_ref(call: Call) -> Response:
    """Create a branch or tag."""
    name, sha = str(call.body.get("ref")), str(call.body.get("sha"))
    if not call.repo.branches:
        raise ApiError(409, "Git Repository is empty.")
    refs.create_ref(call.world, call.actor, call.repo, name, sha)
    return Response(201, commits.ref(call.world, call.repo, name, sha))


@routes.add("PATCH", "/repos/{owner}/{repo}/git/refs/{ref+}", needs="contents:write")
def update_ref(call: Call) -> Response:
    """Move a branch or tag; a protected branch refuses the App."""
    name, sha = f"refs/{call.params['ref']}", str(call.body.get("sha"))
    _refuse_protected(call.repo, name)
    refs.move_ref(call.world, call.actor, call.repo, name, sha, force=bool(call.body.get("force")))
    return Response(200, commits.ref(call.world, call.repo, name, sha))


@routes.add("DELETE", "/repos/{owner}/{repo}/git/refs/{ref+}", needs="contents:write")
def delete_ref(call: Call) -> Response:
    """Delete a branch or tag."""
    name = f"refs/{call.params['ref']}"
    _refuse_protected(call.repo, name)
    refs.delete_ref(call.world, call.actor, call.repo, name)
    return Response(204)


def _refuse_protected(repo: Repository, name: str) -> None:
    if name.removeprefix("refs/heads/") in repo.protection:
        raise ApiError(422, "Changes must be made through a pull request.")


@routes.add("GET", "/repos/{owner}/{repo}/commits", needs="contents:read")
def list_commits(call: Call) -> Response:
    """The history of a branch, newest first."""
    query, repo = call.request.query, call.repo
    sha = git_refs.resolve(repo.git, query.get("sha") or repo.default_branch)
    if sha is None:
        raise ApiError(409, "Git Repository is empty.") if not repo.branches else not_found()
    limit = bounded(query.get("per_page"), PAGE_SIZE, PAGE_SIZE_MAX) * bounded(query.get("page"), 1, 10**6) + 1
    arguments = ["rev-list", f"--max-count={limit}", sha, "--", *([query["path"]] if query.get("path") else [])]
    shas = repo.git.run(*arguments).decode().split()
    return call.page([commits.commit(call.world, repo, found) for found in shas])


@routes.add("GET", "/repos/{owner}/{repo}/compare/{range+}", needs="contents:read")
def compare(call: Call) -> Response:
    """What lies between two refs."""
    world, repo = call.world, call.repo
    match = re.fullmatch(r"(?:[^:]+:)?(.+?)\.\.\.(?:[^:]+:)?(.+)", call.params["range"])
    base = git_refs.resolve(repo.git, match[1]) if match else None
    head = git_refs.resolve(repo.git, match[2]) if match else None
    fork = git_history.merge_base(repo.git, base, head) if base and head else None
    if base is None or head is None or fork is None:
        raise not_found()
    ahead = git_history.commits_between(repo.git, base, head)
    behind = git_history.commits_between(repo.git, head, base)
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    page = f"{html_url(world, repo)}/compare/{call.params['range']}"
    shown: dict[str, Any] = {
        "url": f"{api_url(world, repo)}/compare/{call.params['range']}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commits.commit(world, repo, base),
        "merge_base_commit": commits.commit(world, repo, fork),
        "status": words[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commits.commit(world, repo, sha) for sha in ahead],
        "files": [commits.changed_file(world, repo, file, head) for file in git_history.diff(repo.git, fork, head)],
    }
    return Response(200, shown)
