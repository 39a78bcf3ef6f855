"""Pull requests as JSON."""

from __future__ import annotations

from app.simulator import git_history, mergeability
from app.simulator.http import Json
from app.simulator.records import Account
from app.simulator.shapes.accounts import maybe_user, stamp, user
from app.simulator.shapes.repositories import api_url, full_repository, html_url
from app.simulator.shapes.threads import common
from app.simulator.state import Pull, Repository
from app.simulator.world import World, node_id


def _end(world: World, repo: Repository | None, owner: Account, branch: str, sha: str) -> Json:
    """One of its two branches; a fork that was deleted is null."""
    return {
        "label": f"{owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user(world, owner),
        "repo": full_repository(world, repo) if repo is not None else None,
    }


def pull_simple(world: World, pull: Pull) -> Json:
    """A pull request as lists and review events show it."""
    repo = pull.repository
    url = f"{api_url(world, repo)}/pulls/{pull.number}"
    page = f"{html_url(world, repo)}/pull/{pull.number}"
    as_issue = f"{api_url(world, repo)}/issues/{pull.number}"
    links = {
        "self": url,
        "html": page,
        "issue": as_issue,
        "comments": f"{as_issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api_url(world, repo)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api_url(world, repo)}/statuses/{pull.head_sha}",
    }
    return {
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": as_issue,
        **{f"{name}_url": links[name] for name in ("commits", "comments", "statuses")},
        **{f"{name}_url": links[name] for name in ("review_comments", "review_comment")},
        **common(world, pull),
        "draft": pull.draft,
        "merged_at": stamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha or mergeability.trial_merge(world, pull),
        "requested_reviewers": [user(world, account) for account in pull.requested],
        "requested_teams": [],
        "head": _end(world, pull.head_repository, pull.head_owner, pull.head, pull.head_sha),
        "base": _end(world, repo, repo.owner, pull.base, pull.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "auto_merge": None,
    }


def pull_request(world: World, pull: Pull) -> Json:
    """`GET /pulls/N`, and the pull request of `pull_request` events."""
    files, merges = pull.files, mergeability.known(world, pull)
    return {
        **pull_simple(world, pull),
        "merged": pull.merged,
        "mergeable": merges,
        "rebaseable": merges,
        "mergeable_state": mergeability.state(world, pull),
        "merged_by": maybe_user(world, pull.merged_by),
        "comments": len(pull.comments),
        "review_comments": len(pull.review_comments),
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(git_history.commits_between(pull.repository.git, pull.base_sha, pull.head_sha)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def pull_minimal(world: World, pull: Pull) -> Json:
    """A pull request as check runs show it."""

    def end(repo: Repository, branch: str, sha: str) -> Json:
        return {"ref": branch, "sha": sha, "repo": {"id": repo.id, "url": api_url(world, repo), "name": repo.name}}

    repo = pull.repository
    return {
        "id": pull.id,
        "number": pull.number,
        "url": f"{api_url(world, repo)}/pulls/{pull.number}",
        "head": end(pull.head_repository or repo, pull.head, pull.head_sha),
        "base": end(repo, pull.base, pull.base_sha),
    }
