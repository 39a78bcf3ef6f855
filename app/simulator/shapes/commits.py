"""Commits, trees, refs and diffs as JSON."""

from __future__ import annotations

import base64

from app.simulator import git_history
from app.simulator.git_history import ChangedFile
from app.simulator.git_store import CommitObject, Identity, TreeEntry
from app.simulator.http import Json, not_found
from app.simulator.records import Account
from app.simulator.shapes.accounts import maybe_user, stamp
from app.simulator.shapes.repositories import api_url, html_url
from app.simulator.state import Repository
from app.simulator.world import World, node_id


def stored(repo: Repository, sha: str) -> CommitObject:
    """The commit with this SHA.

    Raises the 404.
    """
    found = repo.git.commit(sha)
    if found is None:
        raise not_found()
    return found


def identity(who: Identity) -> Json:
    """Name, address and date."""
    return {"name": who.name, "email": who.email, "date": stamp(who.date)}


def verification(world: World, repo: Repository, sha: str) -> Json:
    """Whether GitHub signed the commit."""
    if sha not in repo.verified:
        return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    return {
        "verified": True,
        "reason": "valid",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\nsimulated\n-----END PGP SIGNATURE-----\n",
        "payload": f"simulated payload of {sha}",
        "verified_at": stamp(world.now()),
    }


def git_commit(world: World, repo: Repository, sha: str) -> Json:
    """`GET /git/commits/SHA`."""
    found, url = stored(repo, sha), api_url(world, repo)
    return {
        "sha": sha,
        "node_id": node_id("C", int(sha[:12], 16)),
        "url": f"{url}/git/commits/{sha}",
        "html_url": f"{html_url(world, repo)}/commit/{sha}",
        "author": identity(found.author),
        "committer": identity(found.committer),
        "tree": {"sha": found.tree, "url": f"{url}/git/trees/{found.tree}"},
        "message": found.message,
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/git/commits/{parent}",
                "html_url": f"{html_url(world, repo)}/commit/{parent}",
            }
            for parent in found.parents
        ],
        "verification": verification(world, repo, sha),
    }


def _account_of(world: World, who: Identity) -> Account | None:
    for account in world.accounts.values():
        if account.email == who.email:
            return account
    return None


def commit(world: World, repo: Repository, sha: str, *, with_files: bool = False) -> Json:
    """A commit as the repository commits API shows it."""
    found, url = stored(repo, sha), api_url(world, repo)
    shown: Json = {
        "sha": sha,
        "node_id": node_id("C", int(sha[:12], 16)),
        "url": f"{url}/commits/{sha}",
        "html_url": f"{html_url(world, repo)}/commit/{sha}",
        "comments_url": f"{url}/commits/{sha}/comments",
        "commit": {
            "author": identity(found.author),
            "committer": identity(found.committer),
            "message": found.message,
            "tree": {"sha": found.tree, "url": f"{url}/git/trees/{found.tree}"},
            "url": f"{url}/git/commits/{sha}",
            "comment_count": 0,
            "verification": verification(world, repo, sha),
        },
        "author": maybe_user(world, _account_of(world, found.author)),
        "committer": maybe_user(world, _account_of(world, found.committer)),
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{html_url(world, repo)}/commit/{parent}"}
            for parent in found.parents
        ],
    }
    if with_files:
        files = git_history.diff(repo.git, found.parents[0], sha) if found.parents else []
        additions, deletions = sum(f.additions for f in files), sum(f.deletions for f in files)
        shown["stats"] = {"additions": additions, "deletions": deletions, "total": additions + deletions}
        shown["files"] = [changed_file(world, repo, file, sha) for file in files]
    return shown


def simple_commit(repo: Repository, sha: str) -> Json:
    """A commit as webhook payloads and check suites show it."""
    found = stored(repo, sha)
    return {
        "id": sha,
        "tree_id": found.tree,
        "message": found.message,
        "timestamp": stamp(found.committer.date),
        "author": {"name": found.author.name, "email": found.author.email},
        "committer": {"name": found.committer.name, "email": found.committer.email},
    }


def changed_file(world: World, repo: Repository, file: ChangedFile, sha: str) -> Json:
    """One file of a diff."""
    page = html_url(world, repo)
    shown: Json = {
        "sha": file.sha,
        "filename": file.filename,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{page}/blob/{sha}/{file.filename}",
        "raw_url": f"{page}/raw/{sha}/{file.filename}",
        "contents_url": f"{api_url(world, repo)}/contents/{file.filename}?ref={sha}",
    }
    if file.patch is not None:
        shown["patch"] = file.patch
    if file.previous_filename is not None:
        shown["previous_filename"] = file.previous_filename
    return shown


def ref(world: World, repo: Repository, name: str, sha: str) -> Json:
    """A ref; `name` is the full one."""
    url = api_url(world, repo)
    return {
        "ref": name,
        "node_id": node_id("REF", sum(name.encode())),
        "url": f"{url}/git/{name}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/git/commits/{sha}"},
    }


def tree_entry(world: World, repo: Repository, path: str, entry: TreeEntry, size: int | None) -> Json:
    """One line of a tree."""
    shown: Json = {"path": path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
    if entry.type == "blob":
        shown["size"] = size if size is not None else 0
    if entry.type != "commit":
        kind = "trees" if entry.type == "tree" else "blobs"
        shown["url"] = f"{api_url(world, repo)}/git/{kind}/{entry.sha}"
    return shown


def base64_lines(content: bytes) -> str:
    """Base64 as GitHub wraps it."""
    return base64.encodebytes(content).decode()
