"""Repositories: what they are, who may do what, their branches, rules and files."""

from __future__ import annotations

import base64

from app.simulator import git_refs
from app.simulator.git_store import TreeEntry
from app.simulator.http import ApiError, Json, Response, not_found
from app.simulator.routing import Call, Routes
from app.simulator.shapes import accounts, commits, repositories
from app.simulator.shapes.commits import base64_lines
from app.simulator.world import World

routes = Routes()

OLD_NAMES = {"maintain": "write", "triage": "read"}  # `permission` knows only the four oldest roles
CONTENTS_LIMIT_BYTES = 1024 * 1024  # above it the contents API leaves `content` empty
CONTENTS_MAX_BYTES = 100 * 1024 * 1024


@routes.add("GET", "/repos/{owner}/{repo}", needs="metadata:read")
def get_repository(call: Call) -> Response:
    """A repository."""
    return Response(200, repositories.full_repository(call.world, call.repo, role="write"))


@routes.add("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", needs="metadata:read")
def get_permission(call: Call) -> Response:
    """The role of a person."""
    account = call.world.find_account(call.params["login"])
    role = call.world.role(call.repo, account)
    level = {"pull": 1, "triage": 2, "push": 3, "maintain": 4, "admin": 5}
    reached = ("none", "read", "triage", "write", "maintain", "admin").index(role)
    user = {
        **accounts.user(call.world, account),
        "permissions": {name: reached >= needed for name, needed in level.items()},
        "role_name": role,
    }
    return Response(200, {"permission": OLD_NAMES.get(role, role), "role_name": role, "user": user})


@routes.add("GET", "/repos/{owner}/{repo}/branches", needs="contents:read")
def list_branches(call: Call) -> Response:
    """The branches."""
    repo, url = call.repo, repositories.api_url(call.world, call.repo)
    shown: list[Json] = [
        {"name": name, "commit": {"sha": sha, "url": f"{url}/commits/{sha}"}, "protected": name in repo.protection}
        for name, sha in repo.branches.items()
    ]
    if query := call.request.query.get("protected"):
        shown = [branch for branch in shown if branch["protected"] == (query == "true")]
    return call.page(shown)


def _branch_tip(call: Call) -> tuple[str, str]:
    name = call.params["branch"]
    tip = git_refs.read_ref(call.repo.git, f"refs/heads/{name}")
    if tip is None and (now := call.repo.renamed.get(name)):
        address = f"{repositories.api_url(call.world, call.repo)}/branches/{now}"
        raise ApiError(301, "Moved Permanently", headers={"Location": address})
    if tip is None:
        raise ApiError(404, "Branch not found")
    return name, tip


@routes.add("GET", "/repos/{owner}/{repo}/branches/{branch+}/protection", needs="administration:read")
def get_protection(call: Call) -> Response:
    """Classic branch protection; only administrators may see it."""
    name, _ = _branch_tip(call)
    rules = call.repo.protection.get(name)
    if rules is None:
        raise ApiError(404, "Branch not protected")
    return Response(200, repositories.protection(call.world, call.repo, name, rules))


@routes.add("GET", "/repos/{owner}/{repo}/branches/{branch+}", needs="contents:read")
def get_branch(call: Call) -> Response:
    """One branch."""
    name, tip = _branch_tip(call)
    repo = call.repo
    url = repositories.api_url(call.world, repo)
    rules = repo.protection.get(name)
    checks = list(rules.required_checks) if rules else []
    shown = {
        "name": name,
        "commit": commits.commit(call.world, repo, tip),
        "_links": {
            "self": f"{url}/branches/{name}",
            "html": f"{repositories.html_url(call.world, repo)}/tree/{name}",
        },
        "protected": rules is not None,
        "protection": {
            "enabled": rules is not None,
            "required_status_checks": {
                "enforcement_level": "everyone" if checks else "off",
                "contexts": checks,
                "checks": [{"context": check, "app_id": None} for check in checks],
            },
        },
        "protection_url": f"{url}/branches/{name}/protection",
    }
    return Response(200, shown)


@routes.add("GET", "/repos/{owner}/{repo}/rules/branches/{branch+}", needs="metadata:read")
def get_rules(call: Call) -> Response:
    """The active ruleset rules of a branch, existing or not."""
    repo = call.repo
    source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name}
    return call.page([{**source, "ruleset_id": 1, **rule} for rule in repo.rules.get(call.params["branch"], [])])


@routes.add("GET", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", needs="metadata:read")
def get_ruleset(call: Call) -> Response:
    """The one ruleset, which all rules belong to. Its list of who may bypass it takes administration:write to see."""
    repo = call.repo
    if call.params["ruleset_id"] != "1" or not repo.rules:
        raise not_found()
    shown: Json = {
        "id": 1,
        "name": "main",
        "target": "branch",
        "source_type": "Repository",
        "source": repo.full_name,
        "enforcement": "active",
    }
    if repo.app_may_bypass:
        shown["current_user_can_bypass"] = repo.app_may_bypass
    return Response(200, shown)


@routes.add("GET", "/repos/{owner}/{repo}/contents", needs="contents:read")
@routes.add("GET", "/repos/{owner}/{repo}/contents/", needs="contents:read")
@routes.add("GET", "/repos/{owner}/{repo}/contents/{path+}", needs="contents:read")
def get_contents(call: Call) -> Response:
    """A file or a directory at a ref."""
    repo, path = call.repo, call.params.get("path", "").strip("/")
    ref = call.request.query.get("ref") or repo.default_branch
    sha = git_refs.resolve(repo.git, ref)
    if sha is None:
        empty = not repo.branches
        raise ApiError(404, "This repository is empty." if empty else f"No commit found for the ref {ref}")
    entry = repo.git.entry(commits.stored(repo, sha).tree, path)
    if entry is None:
        raise not_found()
    if entry.type == "tree":
        return Response(200, _directory(call, path, entry.sha, ref))
    if entry.type == "commit":
        shown = _item(call, path, entry, ref)
        return Response(200, {**shown, "type": "submodule", "submodule_git_url": None})
    return _file(call, path, entry, ref)


def _file(call: Call, path: str, entry: TreeEntry, ref: str) -> Response:
    content = call.repo.git.blob(entry.sha) or b""
    if len(content) > CONTENTS_MAX_BYTES:
        raise ApiError(403, "This API returns blobs up to 100 MB in size.")
    if "raw" in call.request.headers.get("accept", ""):
        return Response(200, content, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    shown = _item(call, path, entry, ref, len(content))
    if entry.mode == "120000":
        return Response(200, {**shown, "type": "symlink", "target": content.decode(errors="replace")})
    is_small = len(content) <= CONTENTS_LIMIT_BYTES
    shown["content"] = base64_lines(content) if is_small else ""
    shown["encoding"] = "base64" if is_small else "none"
    return Response(200, shown)


def _directory(call: Call, path: str, tree: str, ref: str) -> list[Json]:
    listed = call.repo.git.run("ls-tree", "-l", "-z", tree).decode(errors="surrogateescape")
    items = []
    for line in filter(None, listed.split("\0")):
        about, name = line.split("\t", 1)
        mode, _, sha, size = about.split()
        size_bytes = int(size) if size.isdecimal() else 0
        items.append(_item(call, f"{path}/{name}".lstrip("/"), TreeEntry(mode=mode, sha=sha), ref, size_bytes))
    return items


def _item(call: Call, path: str, entry: TreeEntry, ref: str, size_bytes: int = 0) -> Json:
    world, repo = call.world, call.repo
    url = f"{repositories.api_url(world, repo)}/contents/{path}?ref={ref}"
    kind = "trees" if entry.type == "tree" else "blobs"
    git_url = f"{repositories.api_url(world, repo)}/git/{kind}/{entry.sha}"
    page = f"{repositories.html_url(world, repo)}/{entry.type}/{ref}/{path}"
    types = {"tree": "dir", "blob": "file", "commit": "file"}
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "size": size_bytes,
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": _raw_url(world, repo.full_name, ref, path) if entry.type == "blob" else None,
        "type": "symlink" if entry.mode == "120000" else types[entry.type],
        "_links": {"self": url, "git": git_url, "html": page},
    }


def _raw_url(world: World, full_name: str, ref: str, path: str) -> str:
    return f"{world.html_url}/{full_name}/raw/{ref}/{path}"


def decode_content(content: str, encoding: str) -> bytes:
    """The bytes of a blob as the API takes them.

    Raises the 422 for broken base64.
    """
    if encoding != "base64":
        return content.encode()
    try:
        return base64.b64decode(content)
    except ValueError:
        raise ApiError(422, "Unable to decode content as Base64") from None
