"""Opening a sandbox on this machine: the steps both kinds share, undone in reverse when one fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from app.ports.sandbox import Egress, EgressRequest, Limits
from app.sandbox import cgroup, identity
from app.sandbox.egress import EgressProxy
from app.sandbox.local import LocalSandbox
from app.sandbox.process import Nursery
from app.sandbox.sealed import remove
from app.sandbox.walls import Folders, MakeProxy, Site, Walls


class LocalHost(ABC):
    """Implements `app.ports.SandboxHost.open`; a subclass says what is required and builds the walls."""

    name: str

    def __init__(
        self, home: Path, *, make_proxy: MakeProxy = EgressProxy, make_group: cgroup.MakeGroup = cgroup.make
    ) -> None:
        self._home, self._make_proxy, self._make_group = home, make_proxy, make_group

    @abstractmethod
    def require(self) -> None:
        """Raises UserError, with the way to fix it, when this machine cannot have such a sandbox."""

    @abstractmethod
    def build(self, site: Site) -> Walls: ...

    def prepare(self, run_id: str, image: str) -> None:  # noqa: B027 - doing nothing is right for both
        """Nothing here takes long, and the machine's own tools are the image."""

    def forget(self, run_id: str) -> None:  # noqa: B027
        """Nothing was prepared."""

    def open(
        self,
        run_id: str,
        tree: Path,
        *,
        limits: Limits,
        egress: Egress,
        on_request: Callable[[EgressRequest], None],
        history: Path | None = None,
    ) -> LocalSandbox:
        """A sandbox around `tree`. Raises UserError when this machine cannot have one, TransientError when not now."""
        self.require()
        uid = identity.own_uid()
        with ExitStack() as undo:
            folders = Folders(self._home, run_id, tree)
            folders.make(uid)
            undo.callback(remove, folders.base)
            group = self._make_group(memory_bytes=limits.memory_bytes, processes=limits.processes)
            if group is not None:
                undo.callback(group.remove)
            passage = identity.Passage(uid)
            undo.callback(passage.close)
            history = history.absolute() if history else None
            walls = self.build(Site(folders=folders, limits=limits, uid=uid, group=group, history=history))
            undo.callback(walls.close)
            nursery = Nursery()
            undo.callback(nursery.close)
            self._reach(walls, nursery, passage, uid)
            nursery.leave(
                cgroups=[str(path) for path in group.paths] if group else [],
                passage=passage.opened,
                uid=uid,
                remove=[str(folders.tree), str(folders.base)],
            )
            sandbox = LocalSandbox(
                self.name,
                folders,
                walls,
                uid=uid,
                limits=limits,
                egress=egress,
                on_request=on_request,
                make_proxy=self._make_proxy,
                nursery=nursery,
                group=group,
                passage=passage,
            )
            undo.pop_all()
        return sandbox

    def _reach(self, walls: Walls, nursery: Nursery, passage: identity.Passage, uid: int | None) -> None:
        """Make the host's directories that the walls show reachable for `uid`: staged below one, or opened to it."""
        places = nursery.stage(walls.sources) if uid is not None and walls.stages else {}
        if places:
            walls.relocate(places)
            return
        for path in walls.sources:
            passage.to(path)
