"""Labels of repositories and on issues."""

from __future__ import annotations

from app.simulator.actions.timeline import record, tell
from app.simulator.events import emit
from app.simulator.http import Json, invalid
from app.simulator.records import Account, Label
from app.simulator.shapes import repositories
from app.simulator.state import Issue, Repository
from app.simulator.world import World

NAME_LIMIT = 50  # characters


def create_label(
    world: World, actor: Account, repo: Repository, name: str, color: str, description: str | None
) -> Label:
    """Add a label to the repository.

    Raises the 422 for a name that exists (in any case) or is too long.
    """
    if name.lower() in repo.labels:
        raise invalid("Label", "name", "already_exists")
    label = _make(world, repo, name, color, description)
    emit(world, "label", "created", repo, actor, label=repositories.label(world, repo, label))
    return label


def ensure_label(world: World, repo: Repository, name: str) -> Label:
    """The label with this name, made when the repository has none: GitHub does so when one is put on an issue."""
    return repo.labels.get(name.lower()) or _make(world, repo, name, "ededed", None)


def _make(world: World, repo: Repository, name: str, color: str, description: str | None) -> Label:
    if not name.strip() or len(name) > NAME_LIMIT:
        raise invalid("Label", "name", "custom", f"name is too long (maximum is {NAME_LIMIT} characters)")
    label = Label(id=world.next_id(), name=name, color=color.lstrip("#"), description=description)
    repo.labels[name.lower()] = label
    return label


def rename_label(
    repo: Repository, label: Label, *, name: str | None, color: str | None, description: str | None
) -> None:
    """Change a label everywhere it is used."""
    if name is not None and name != label.name:
        if name.lower() in repo.labels and repo.labels[name.lower()] is not label:
            raise invalid("Label", "name", "already_exists")
        for thread in repo.threads.values():
            thread.labels = [name if used == label.name else used for used in thread.labels]
        del repo.labels[label.name.lower()]
        label.name = name
        repo.labels[name.lower()] = label
    label.color = color.lstrip("#") if color is not None else label.color
    label.description = description if description is not None else label.description


def _shown(world: World, thread: Issue, name: str) -> Json:
    return repositories.label_named(world, thread.repository, name)


def add_labels(world: World, actor: Account, thread: Issue, names: list[str]) -> None:
    """Put labels on a thread; those already on it change nothing."""
    for given in names:
        name = ensure_label(world, thread.repository, given).name
        if name in thread.labels:
            continue
        thread.labels.append(name)
        shown = _shown(world, thread, name)
        record(world, thread, "labeled", actor, label={"name": name, "color": shown["color"]})
        tell(world, thread, "labeled", actor, label=shown)


def remove_label(world: World, actor: Account, thread: Issue, name: str) -> bool:
    """Take a label off; False when it was not on the thread."""
    for used in thread.labels:
        if used.lower() == name.lower():
            thread.labels.remove(used)
            shown = _shown(world, thread, used)
            record(world, thread, "unlabeled", actor, label={"name": used, "color": shown["color"]})
            tell(world, thread, "unlabeled", actor, label=shown)
            return True
    return False


def set_labels(world: World, actor: Account, thread: Issue, names: list[str]) -> None:
    """Make the labels of a thread exactly these."""
    wanted = {name.lower() for name in names}
    for used in list(thread.labels):
        if used.lower() not in wanted:
            remove_label(world, actor, thread, used)
    add_labels(world, actor, thread, names)


def delete_label(repo: Repository, label: Label) -> None:
    """Remove a label from the repository and from every thread."""
    for thread in repo.threads.values():
        thread.labels = [name for name in thread.labels if name != label.name]
    del repo.labels[label.name.lower()]
