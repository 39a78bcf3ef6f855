"""The simulated GitHub as its users hold it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from app.simulator import building, git_history
from app.simulator.actions import installations
from app.simulator.actions.labels import ensure_label
from app.simulator.bad_days import BadDays
from app.simulator.ci import CI
from app.simulator.deliveries import Delivery, Outbox
from app.simulator.front import Front, Recorded
from app.simulator.git_store import GitStore
from app.simulator.people import Files, Person
from app.simulator.records import AppRegistration, CheckRun
from app.simulator.registration import register
from app.simulator.server import LocalServer
from app.simulator.state import Comment, Repository, ReviewComment
from app.simulator.transport import SimulatorTransport
from app.simulator.world import World


class Simulator(BadDays):
    """One simulated GitHub with one App."""

    def __init__(
        self,
        directory: Path | str,
        *,
        clock: Callable[[], datetime] | None = None,
        jwt_clock: Callable[[], datetime] | None = None,
        app_id: int = 12345,
        app_slug: str = "lamplighter",
        webhook_secret: str = "a-webhook-secret-for-tests",  # noqa: S107  not a secret of anybody
        private_key: str | None = None,
        public_key: str | None = None,
    ) -> None:
        """Keep the bare repositories below `directory`; the App's key is PEM, either half, made when absent."""
        clock = clock or (lambda: datetime.now(UTC))
        ids = itertools.count(1_000_001)
        app = register(
            ids,
            clock(),
            app_id=app_id,
            slug=app_slug,
            webhook_secret=webhook_secret,
            private_key=private_key,
            public_key=public_key,
        )
        self.world = World(
            directory=Path(directory),
            clock=clock,
            jwt_clock=jwt_clock or clock,
            outbox=Outbox(next_id=lambda: next(ids), now=clock),
            app=app,
            ids=ids,
        )
        self.front = Front(self.world)
        self.ci = CI(self.world)
        self._server: LocalServer | None = None
        for account in (app.owner, app.bot):
            self.world.accounts[account.login.lower()] = account
        self.world.apps = {app_slug: app}
        self.owner = self.person("olga", "admin")
        self.maintainer = self.person("maya", "maintain")
        self.contributor = self.person("carl", "write")
        self.triager = self.person("tess", "triage")
        self.reader = self.person("rhea", "read")
        self.outsider = self.person("otto", "none")

    # --- building the world

    def person(self, login: str, role: str = "none") -> Person:
        """A person with a role on every repository that does not say otherwise."""
        account = self.world.account(login)
        self.world.person_roles[login] = role
        return Person(self.world, account)

    def repository(
        self,
        full_name: str,
        files: Files | None = None,
        *,
        directory: Path | str | None = None,
        default_branch: str = "main",
        private: bool = False,
        install: bool = True,
        announce: bool = False,
        labels: Iterable[str] = (),
        owner_type: str = "Organization",
    ) -> Repository:
        """A new repository with these files in one commit, or with the history of a git repository on disk.

        With `install` the App has it from the beginning, and hears of that only with `announce`. Neither files nor
        directory: no commits.
        """
        login, _, name = full_name.partition("/")
        with self.world.lock:
            now = self.world.now()
            git = GitStore.create(self.world.directory / f"{full_name}.git", default_branch)
            repo = Repository(
                id=self.world.next_id(),
                owner=self.world.account(login, owner_type),
                name=name,
                git=git,
                default_branch=default_branch,
                created_at=now,
                private=private,
            )
            self.world.repositories[repo.id] = repo
            if directory is not None:
                repo.default_branch = git_history.import_directory(git, str(directory), default_branch)
            if files:
                building.first_commit(self.world, repo, files, self.maintainer.account)
            repo.size_kib = sum(path.stat().st_size for path in git.path.rglob("*") if path.is_file()) // 1024
            for label in labels:
                ensure_label(self.world, repo, label)
            if install:
                queued = len(self.world.outbox.queue)
                installations.install(self.world, self.owner.account, repo)
                if not announce:
                    del self.world.outbox.queue[queued:]
            return repo

    def organisation(self, login: str, count: int, files: Files | None = None) -> list[Repository]:
        """Many repositories `login/r-1` …, without the App, sharing one git repository."""
        first = self.repository(f"{login}/r-1", files=files, install=False)
        with self.world.lock:
            return building.copies(self.world, first, count)

    def report_check(
        self,
        repo: Repository,
        sha: str,
        name: str,
        conclusion: str | None,
        *,
        app: str = "github-actions",
        text: str = "",
    ) -> CheckRun:
        """Another App (CI, say) reports a check run on a commit; a None conclusion means it still runs."""
        return self.ci.check(repo, sha, name, conclusion, app=app, text=text)

    # --- reaching it

    @property
    def app(self) -> AppRegistration:
        """The App: the one it began with, or the one that was registered since from a manifest."""
        return self.world.app

    @property
    def api_url(self) -> str:
        """Where the API is: https://api.github.com, or below the server's address once it serves."""
        return self.world.api_url

    @property
    def html_url(self) -> str:
        """Where pages and git are."""
        return self.world.html_url

    def transport(self, *, strict: bool = True) -> SimulatorTransport:
        """For `httpx.Client(transport=...)`; strict: an unknown route raises into the test."""
        return SimulatorTransport(self.front, strict=strict)

    def git_dir(self, full_name: str) -> Path:
        """The bare repository of a repository."""
        return self.world.find_repository(full_name).git_dir

    # --- looking

    @property
    def requests(self) -> list[Recorded]:
        """What the product asked, in order."""
        return self.front.requests

    @property
    def unknown_requests(self) -> list[str]:
        """Requests for which there is no route."""
        return self.front.unknown

    @property
    def deliveries(self) -> list[Delivery]:
        """The delivery log, oldest first."""
        return self.world.outbox.log

    @property
    def pending(self) -> list[Delivery]:
        """Deliveries still to be made."""
        return self.world.outbox.queue

    def unread_bot_comments(self) -> list[Comment | ReviewComment]:
        """The bot's comments on which nobody called `read()`."""
        unread: list[Comment | ReviewComment] = []
        for repo in self.world.repositories.values():
            for thread in repo.threads.values():
                unread += [c for c in thread.comments if self.world.is_bot(c.user) and not c.was_read]
            for pull in repo.pulls:
                unread += [c for c in pull.review_comments if self.world.is_bot(c.user) and not c.was_read]
        return unread

    # --- standing alone

    def serve(self, port: int = 0, *, webhook_url: str | None = None) -> str:
        """Serve on 127.0.0.1 (port 0: any free one) and, with a webhook address, deliver there; answers the base URL.

        From then on all addresses are those of the server; only one at a time.
        """
        self.close()
        self._server = LocalServer(self.front, port, webhook_url)
        return self._server.url

    def close(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.close()
            self._server = None
