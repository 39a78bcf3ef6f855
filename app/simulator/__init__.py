"""A GitHub one can hold.

One in-memory state plus real bare git repositories on disk; REST answers, web pages, git smart HTTP and signed
webhook deliveries all come out of that one state, so they cannot disagree. It ships with the product for
`lamplighter simulate` and `lamplighter demo` and is walled off from the rest of it.

    github = Simulator(tmp_path, clock=clock)                  # clock: () -> aware datetime; default: the wall clock
    github.app                                                 # .id .slug .private_key (PEM) .webhook_secret .bot_login
    client = httpx.Client(transport=github.transport(), base_url=github.api_url)
    github.deliver = lambda delivery: door(delivery.headers, delivery.body)   # -> (status, response body)

    repo = github.repository("acme/calc", files={"calc.py": "..."}, default_branch="main")   # App installed on it
    repo = github.repository("acme/big", directory=path_of_a_git_repository)
    issue = github.maintainer.open_issue(repo, "Divide by zero", body="...", labels=["bug"])
    github.contributor.comment(issue, "/agent fix")
    github.triager.label(issue, "agent-fix")
    github.deliver_pending()                                   # pumps the queue until it is empty, returns how many

People (role on every repository unless `repo.roles[login]` says otherwise): `github.owner` (admin), `.maintainer`
(maintain), `.contributor` (write), `.triager` (triage), `.reader` (read), `.outsider` (none), `github.person(login,
role)`. What they do: `open_issue edit comment edit_comment delete_comment label unlabel react close reopen assign lock
unlock delete transfer press` (a check-run button) `rerequest install uninstall suspend unsuspend`; with code: `push
force_push delete_branch rename_branch fork open_pull` (of a branch or `fork=`) `retarget ready_for_review
convert_to_draft merge` (method merge, squash, rebase) `update_branch enqueue dequeue`; as reviewers: `review
start_review submit_review discard_review dismiss_review edit_review comment_on_line reply edit_line_comment
delete_line_comment apply_suggestion resolve unresolve request_review`.

`github.ci` is what checks a commit besides us: `start finish fail succeed rerun lose_log` (GitHub Actions), `check`
(another App's check run), `status`, `move_queue` (GitHub looks at its merge queues).

Looking (state objects are the views): `issue.labels` (names), `issue.comments` -> `Comment(id, author, body, read())`,
`issue.reactions` -> `Reaction(content, author)`, `issue.assignees`, `issue.state`; `repo.branches` (name -> sha),
`repo.pulls`, `repo.issues`, `repo.file(ref, path)` -> bytes, `repo.tree(ref)` -> {path: bytes},
`repo.check_runs(sha)`; `pull.draft .merged .head .base .files .commits` (each `author`, `verified`, `message`,
`trailers`, `sha`), `pull.reviews`, `pull.review_threads` (`first comments is_resolved resolved_by`),
`pull.requested_reviewers`, plus everything an issue has.
`github.unread_bot_comments()` lists the bot's comments on which nobody called `.read()`. `github.requests` is what the
product sent.

Bad days: `github.faults.add("POST /repos/*/*/issues/*/comments", status=502, when="before" | "after", drop=False,
times=1)` (git too: "* /OWNER/REPO.git/*"); `github.faults.lag("GET /repos/*/issues/*", seconds=40)`;
`github.faults.secondary_limit(match="*", retry_after=60)`; `github.faults.graphql_error("RATE_LIMITED", "...")`;
`github.world.mergeable_seconds`, `.comments_come_first`, `.checks_know_pulls`; `github.stale_lists(seconds)`;
`github.redelivery_mode = True`; `github.lose_next(n, event=None)`; `github.reorder_pending()`;
`github.redeliver(delivery)`. An installation that writes more than 80 times a minute or 500 an hour, or during a limit,
is refused: `github.limits.exceeded`, `.ignored`, `.closest_seconds`, `.written`.

Standing alone: `github.serve(port=0, webhook_url=None)` -> base URL; API under `/api/v3`, git under `/OWNER/REPO.git`,
pages for a person under `/`; `github.close()`. `app.simulator.standalone.run(...)` is what `lamplighter simulate`
calls.
"""

from app.simulator.actions.reviews import LineComment
from app.simulator.deliveries import Delivery
from app.simulator.http import UnknownRoute
from app.simulator.people import Person
from app.simulator.simulator import Simulator
from app.simulator.state import Comment, Issue, Pull, Repository
from app.simulator.transport import SimulatorTransport

__all__ = [
    "Comment",
    "Delivery",
    "Issue",
    "LineComment",
    "Person",
    "Pull",
    "Repository",
    "Simulator",
    "SimulatorTransport",
    "UnknownRoute",
]
