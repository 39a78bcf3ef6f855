"""The App's installations, and changes of a repository as a whole."""

from __future__ import annotations

from app.simulator.events import emit, emit_installation
from app.simulator.http import Json
from app.simulator.records import Account, Installation
from app.simulator.shapes import accounts
from app.simulator.state import Repository
from app.simulator.world import World, node_id


def _brief(repo: Repository) -> Json:
    """A repository as installation events list it."""
    return {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def install(world: World, actor: Account, repo: Repository, *, selects_all: bool = False) -> Installation:
    """Install the App on one more repository, or on everything its owner has."""
    mine = [i for i in world.installations.values() if i.account is repo.owner]
    if not mine:
        now = world.now()
        installation = Installation(
            id=world.next_id(),
            account=repo.owner,
            created_at=now,
            updated_at=now,
            permissions=dict(world.app.permissions),
            events=list(world.app.events),
            selects_all=selects_all,
            repository_ids={repo.id},
        )
        world.installations[installation.id] = installation
        listed = [_brief(r) for r in world.repositories_of(installation)]
        emit_installation(world, "installation", "created", installation, actor, repositories=listed, requester=None)
        return installation
    installation = mine[0]
    if not installation.selects_all and repo.id not in installation.repository_ids:
        installation.repository_ids.add(repo.id)
        _tell_repositories(world, actor, installation, added=[repo])
    return installation


def remove_repository(world: World, actor: Account, repo: Repository) -> None:
    """Take one repository out of its installation."""
    installation = world.installation_of(repo)
    if installation is not None:
        installation.repository_ids.discard(repo.id)
        _tell_repositories(world, actor, installation, removed=[repo])


def _tell_repositories(
    world: World,
    actor: Account,
    installation: Installation,
    *,
    added: list[Repository] | None = None,
    removed: list[Repository] | None = None,
) -> None:
    emit_installation(
        world,
        "installation_repositories",
        "added" if added else "removed",
        installation,
        actor,
        repository_selection="all" if installation.selects_all else "selected",
        repositories_added=[_brief(repo) for repo in added or []],
        repositories_removed=[_brief(repo) for repo in removed or []],
        requester=None,
    )


def uninstall(world: World, actor: Account, installation: Installation) -> None:
    """Remove the App from an account: its tokens die at once."""
    listed = [_brief(repo) for repo in world.repositories_of(installation)]
    for token in world.tokens.values():
        if token.installation is installation:
            token.revoked = True
    del world.installations[installation.id]
    emit_installation(world, "installation", "deleted", installation, actor, repositories=listed)


def suspend(world: World, actor: Account, installation: Installation) -> None:
    """Suspend: the App may do nothing and hears nothing until unsuspended."""
    installation.suspended_at, installation.suspended_by = world.now(), actor
    emit_installation(world, "installation", "suspend", installation, actor)


def unsuspend(world: World, actor: Account, installation: Installation) -> None:
    """End a suspension."""
    installation.suspended_at, installation.suspended_by = None, None
    emit_installation(world, "installation", "unsuspend", installation, actor)


def accept_permissions(world: World, actor: Account, installation: Installation, permissions: dict[str, str]) -> None:
    """The account's owner accepts the App's new permissions."""
    installation.permissions, installation.updated_at = dict(permissions), world.now()
    emit_installation(world, "installation", "new_permissions_accepted", installation, actor)


def rename_repository(world: World, actor: Account, repo: Repository, name: str) -> None:
    """Give a repository a new name."""
    world.former_names[repo.full_name.lower()] = repo.id
    old, repo.name = repo.name, name
    emit(world, "repository", "renamed", repo, actor, changes={"repository": {"name": {"from": old}}})


def create_repository(world: World, actor: Account, repo: Repository) -> None:
    """Tell of a new repository."""
    installation = world.installation_of(repo)
    if installation is not None:
        _tell_repositories(world, actor, installation, added=[repo])
    emit(world, "repository", "created", repo, actor)


def archive_repository(world: World, actor: Account, repo: Repository, *, archived: bool = True) -> None:
    """Make a repository read-only, or end that."""
    repo.archived = archived
    emit(world, "repository", "archived" if archived else "unarchived", repo, actor)


def transfer_repository(world: World, actor: Account, repo: Repository, owner: Account) -> None:
    """Give a repository to another account; the App hears of it through its installation there, if it has one."""
    world.former_names[repo.full_name.lower()] = repo.id
    old = repo.owner
    left = world.installation_of(repo)
    repo.owner = owner
    if left is not None and world.installation_of(repo) is not left:
        left.repository_ids.discard(repo.id)
        _tell_repositories(world, actor, left, removed=[repo])
    shape = accounts.user(world, old)
    changes = {"owner": {"from": {("organization" if old.type == "Organization" else "user"): shape}}}
    emit(world, "repository", "transferred", repo, actor, changes=changes)


def rename_account(world: World, actor: Account, account: Account, login: str) -> None:
    """Give an account with the App another login."""
    for repo in world.repositories.values():
        if repo.owner is account:
            world.former_names[repo.full_name.lower()] = repo.id
    old = account.login
    world.accounts[login.lower()] = world.accounts.pop(old.lower())
    account.login = login
    for installation in world.installations.values():
        if installation.account is account:
            emit_installation(
                world,
                "installation_target",
                "renamed",
                installation,
                actor,
                account=accounts.user(world, account),
                changes={"login": {"from": old}},
                target_type=account.type,
            )


def delete_repository(world: World, actor: Account, repo: Repository) -> None:
    """Delete a repository for good; pull requests from it stay, without a repository at their head."""
    for pull in repo.parent.pulls if repo.parent is not None else []:
        if pull.head_repository is repo:
            _ = pull.head_sha
            pull.head_repository = None
    emit(world, "repository", "deleted", repo, actor)
    del world.repositories[repo.id]
