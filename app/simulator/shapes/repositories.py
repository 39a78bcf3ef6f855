"""Repositories, labels and branches as JSON."""

from __future__ import annotations

from app.simulator.http import Json
from app.simulator.records import Label, Protection
from app.simulator.shapes.accounts import stamp, user
from app.simulator.state import Repository
from app.simulator.world import World, node_id

REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
    "hooks_url": "/hooks",
}
ROLE_PERMISSIONS = {"pull": 1, "triage": 2, "push": 3, "maintain": 4, "admin": 5}


def api_url(world: World, repo: Repository) -> str:
    """The repository's address in the API."""
    return f"{world.api_url}/repos/{repo.full_name}"


def html_url(world: World, repo: Repository) -> str:
    """The repository's page."""
    return f"{world.html_url}/{repo.full_name}"


def repository(world: World, repo: Repository) -> Json:
    """A repository as it appears inside other objects and in webhook payloads."""
    url, page = api_url(world, repo), html_url(world, repo)
    open_threads = sum(thread.state == "open" for thread in repo.threads.values())
    return {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(world, repo.owner),
        "private": repo.private,
        "visibility": "private" if repo.private else "public",
        "html_url": page,
        "url": url,
        **{name: url + tail for name, tail in REPOSITORY_LINKS.items()},
        "clone_url": f"{page}.git",
        "git_url": f"git:{page.split(':', 1)[1]}.git",
        "ssh_url": f"git@github.com:{repo.full_name}.git",
        "svn_url": page,
        "default_branch": repo.default_branch,
        "size": repo.size_kib,
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.pushed_at or repo.created_at),
        "pushed_at": stamp(repo.pushed_at or repo.created_at),
        "open_issues": open_threads,
        "open_issues_count": open_threads,
        "archived": repo.archived,
        "description": repo.description,
        "topics": [],
        "custom_properties": {},
        "fork": repo.fork,
        "disabled": repo.disabled,
        "has_issues": repo.has_issues,
        **dict.fromkeys(("is_template", "web_commit_signoff_required"), False),
        **dict.fromkeys(("homepage", "language", "mirror_url", "license"), None),
        **dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"), 0),
        **dict.fromkeys(("has_projects", "has_wiki", "has_downloads", "allow_forking"), True),
        **dict.fromkeys(("has_pages", "has_discussions"), False),
    }


def pushed_repository(world: World, repo: Repository) -> Json:
    """A repository as `push` payloads show it: times are numbers there, and the owner has a name."""
    owner = {**user(world, repo.owner), "name": repo.owner.login, "email": None}
    return {
        **repository(world, repo),
        "created_at": int(repo.created_at.timestamp()),
        "pushed_at": int((repo.pushed_at or repo.created_at).timestamp()),
        "owner": owner,
        "stargazers": 0,
        "master_branch": repo.default_branch,
    }


def full_repository(world: World, repo: Repository, *, role: str = "read") -> Json:
    """`GET /repos/OWNER/REPO`."""
    level = ("none", "read", "triage", "write", "maintain", "admin").index(role)
    return {
        **repository(world, repo),
        "subscribers_count": 0,
        "network_count": 0,
        "permissions": {name: level >= needed for name, needed in ROLE_PERMISSIONS.items()},
        "allow_squash_merge": True,
        "allow_merge_commit": True,
        "allow_rebase_merge": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
    }


def label(world: World, repo: Repository, found: Label) -> Json:
    """A label."""
    return {
        "id": found.id,
        "node_id": node_id("LA", found.id),
        "url": f"{api_url(world, repo)}/labels/{found.name}".replace(" ", "%20"),
        "name": found.name,
        "color": found.color,
        "default": False,
        "description": found.description,
    }


def label_named(world: World, repo: Repository, name: str) -> Json:
    """A label of the repository by its name."""
    return label(world, repo, repo.labels[name.lower()])


def protection(world: World, repo: Repository, branch: str, rules: Protection) -> Json:
    """`GET /branches/B/protection`."""
    url = f"{api_url(world, repo)}/branches/{branch}/protection"
    shown: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": rules.enforce_admins},
        "required_linear_history": {"enabled": False},
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
    }
    if rules.required_approvals:
        shown["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "required_approving_review_count": rules.required_approvals,
            "require_last_push_approval": False,
        }
    if rules.required_checks:
        shown["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": rules.strict,
            "contexts": list(rules.required_checks),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in rules.required_checks],
        }
    return shown
