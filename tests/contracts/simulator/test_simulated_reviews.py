"""Reviews and comments on lines: begun and submitted, answered, outdated, resolved."""

from __future__ import annotations

from typing import Any

import pytest

from app.simulator import LineComment, Pull, Repository, Simulator
from app.simulator.http import ApiError

BEFORE = "".join(f"line {number}\n" for number in range(1, 41))
AFTER = BEFORE.replace("line 5\n", "line five\n").replace("line 30\n", "line thirty\n")


@pytest.fixture
def pull(github: Simulator, repo: Repository) -> Pull:
    github.maintainer.push(repo, "main", {"long.txt": BEFORE})
    github.contributor.push(repo, "topic", {"long.txt": AFTER})
    made = github.contributor.open_pull(repo, "topic", "Words for numbers")
    github.pending.clear()
    return made


def told(github: Simulator) -> list[str]:
    return [f"{found.event}.{found.action}" for found in github.pending]


def test_hunk_position_and_range_come_from_the_diff(github: Simulator, pull: Pull, bot: Any) -> None:
    wanted = LineComment(path="long.txt", line=30, start_line=28, body="```suggestion\nline 30\n```")
    github.maintainer.review(pull, "changes_requested", "No.", [wanted])
    [shown] = bot("GET", f"/pulls/{pull.number}/comments").json()
    assert (shown["line"], shown["start_line"], shown["side"], shown["start_side"]) == (30, 28, "RIGHT", "RIGHT")
    assert shown["diff_hunk"].splitlines()[0].startswith("@@ -27,7 +27,7 @@")
    assert shown["diff_hunk"].splitlines()[-1] == "+line thirty"
    assert (shown["position"], shown["original_position"]) == (14, 14)
    left = github.maintainer.comment_on_line(pull, "long.txt", 5, "Why?", side="LEFT")
    assert left.diff_hunk.splitlines()[-1] == "-line 5"


def test_outdated_comment_keeps_its_old_line_and_a_moved_one_follows(
    github: Simulator, repo: Repository, pull: Pull, bot: Any
) -> None:
    github.maintainer.review(pull, "commented", "", [("long.txt", 5, "This"), ("long.txt", 30, "And this")])
    old = pull.head_sha
    github.contributor.push(repo, "topic", {"long.txt": "zero\n" + AFTER.replace("five", "FIVE")})
    gone, moved = bot("GET", f"/pulls/{pull.number}/comments").json()
    assert (gone["line"], gone["position"], gone["original_line"], gone["commit_id"]) == (None, None, 5, old)
    assert (moved["line"], moved["original_line"], moved["commit_id"]) == (31, 30, pull.head_sha)
    assert moved["original_commit_id"] == old


def test_pending_review_is_nobody_else_s_business(github: Simulator, pull: Pull, bot: Any) -> None:
    review = github.maintainer.start_review(pull, [("long.txt", 5, "One"), ("long.txt", 30, "Two")])
    draft = pull.review_threads[0].first
    assert told(github) == []
    assert bot("GET", f"/pulls/{pull.number}/reviews").json() == []
    assert bot("GET", f"/pulls/{pull.number}/comments").json() == []
    assert bot("GET", f"/pulls/{pull.number}/reviews/{review.id}").status_code == 404
    assert bot("GET", f"/pulls/comments/{draft.id}").status_code == 404
    assert pull.review_comments == []
    github.maintainer.submit_review(pull, review, "changes_requested", "Please.")
    created = "pull_request_review_comment.created"
    assert told(github) == ["pull_request_review.submitted", created, created]
    assert {found.payload["comment"]["pull_request_review_id"] for found in github.pending[1:]} == {review.id}
    github.pending.clear()
    github.world.comments_come_first = True
    github.triager.review(pull, "commented", "", [("long.txt", 5, "Three")])
    assert told(github) == [created, "pull_request_review.submitted"]


def test_bot_begins_submits_and_discards_a_review(github: Simulator, pull: Pull, bot: Any) -> None:
    path, line = f"/pulls/{pull.number}/reviews", {"path": "long.txt", "line": 5, "body": "Look"}
    begun = bot("POST", path, {"body": "Draft", "comments": [line]}).json()
    assert (begun["state"], "submitted_at" in begun, told(github)) == ("PENDING", False, [])
    assert bot("POST", path, {"body": "Second"}).status_code == 422
    assert bot("PUT", f"{path}/{begun['id']}", {"body": "Better draft"}).json()["body"] == "Better draft"
    assert bot("POST", f"{path}/{begun['id']}/events", {}).status_code == 422
    done = bot("POST", f"{path}/{begun['id']}/events", {"event": "COMMENT"}).json()
    assert (done["state"], done["body"]) == ("COMMENTED", "Better draft")
    assert bot("DELETE", f"{path}/{begun['id']}").status_code == 422
    again = bot("POST", path, {"comments": [line]}).json()
    assert bot("DELETE", f"{path}/{again['id']}").status_code == 200
    assert len(pull.review_comments) == 1
    pull.review_comments[0].read()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"event": "COMMENT"}, "body is required"),
        ({"event": "REQUEST_CHANGES"}, "body is required"),
        ({"event": "SPLENDID", "body": "x"}, "Event SPLENDID"),
        ({"event": "COMMENT", "comments": [{"path": "long.txt", "line": 17, "body": "x"}]}, "Line could not be"),
        ({"event": "COMMENT", "comments": [{"path": "other.txt", "line": 1, "body": "x"}]}, "Path could not be"),
        (
            {"event": "COMMENT", "comments": [{"path": "long.txt", "line": 5, "start_line": 6, "body": "x"}]},
            "start_line",
        ),
    ],
)
def test_review_that_makes_no_sense_is_a_422(pull: Pull, bot: Any, body: Any, words: str) -> None:
    answer = bot("POST", f"/pulls/{pull.number}/reviews", body)
    assert (answer.status_code, pull.reviews) == (422, [])
    assert words in answer.text


def test_answers_go_to_the_first_comment_of_a_thread(github: Simulator, pull: Pull, bot: Any) -> None:
    first = github.maintainer.comment_on_line(pull, "long.txt", 5, "Why?")
    path = f"/pulls/{pull.number}/comments"
    answer = bot("POST", f"{path}/{first.id}/replies", {"body": "Because."}).json()
    assert (answer["in_reply_to_id"], answer["line"]) == (first.id, 5)
    assert bot("POST", f"{path}/{answer['id']}/replies", {"body": "And"}).status_code == 422
    later = github.maintainer.reply(pull.review_comments[1], "I see.")
    own_line = {"body": "x", "commit_id": pull.head_sha, "path": "long.txt", "line": 30, "side": "RIGHT"}
    assert (later.in_reply_to, len(first.thread.comments)) == (first, 3)
    assert bot("POST", path, {**own_line, "in_reply_to": first.id}).status_code == 201
    own = bot("POST", path, own_line)
    assert (own.status_code, len(pull.review_threads)) == (201, 2)
    assert bot("POST", path, {**own_line, "commit_id": "0" * 40}).status_code == 422
    assert bot("PATCH", f"/pulls/comments/{answer['id']}", {"body": "Changed."}).json()["body"] == "Changed."
    assert bot("PATCH", f"/pulls/comments/{first.id}", {"body": "Mine now"}).status_code == 403
    assert bot("DELETE", f"/pulls/comments/{own.json()['id']}").status_code == 204
    assert [len(bot("GET", f"{where}?per_page=3").json()) for where in (path, "/pulls/comments")] == [3, 3]
    assert bot("GET", f"{path}?per_page=3").links["next"]["url"].endswith("page=2")


def test_reaction_to_a_comment_on_a_line_has_its_own_address(github: Simulator, pull: Pull, bot: Any) -> None:
    comment = github.maintainer.comment_on_line(pull, "long.txt", 5, "/agent explain")
    assert bot("POST", f"/issues/comments/{comment.id}/reactions", {"content": "eyes"}).status_code == 404
    assert bot("POST", f"/pulls/comments/{comment.id}/reactions", {"content": "eyes"}).status_code == 201
    assert [(found.content, found.author) for found in comment.reactions] == [("eyes", "lamplighter[bot]")]


def test_verdict_is_dismissed_and_edited(github: Simulator, pull: Pull, bot: Any) -> None:
    review = github.maintainer.review(pull, "changes_requested", "No.")
    github.pending.clear()
    github.maintainer.edit_review(pull, review, "No, please.")
    answer = bot("PUT", f"/pulls/{pull.number}/reviews/{review.id}/dismissals", {"message": "Done"}).json()
    assert (answer["state"], told(github)) == (
        "DISMISSED",
        ["pull_request_review.edited", "pull_request_review.dismissed"],
    )
    assert github.pending[0].payload["changes"] == {"body": {"from": "No."}}
    assert bot("PUT", f"/pulls/{pull.number}/reviews/{review.id}/dismissals", {"message": "x"}).status_code == 422


def test_suggestion_is_committed_where_it_stands_now(github: Simulator, repo: Repository, pull: Pull) -> None:
    wanted = LineComment(path="long.txt", line=30, start_line=29, body="So:\n```suggestion\nboth\n```\n")
    github.maintainer.review(pull, "commented", "", [wanted])
    github.contributor.push(repo, "topic", {"long.txt": "zero\n" + AFTER})
    sha = github.contributor.apply_suggestion(pull.review_comments[0])
    assert repo.file("topic", "long.txt").decode().splitlines()[28:31] == ["line 28", "both", "line 31"]
    assert repo.commit(sha).trailers["Co-authored-by"][0].startswith("maya <")
    with pytest.raises(ApiError, match="cannot be applied"):
        github.contributor.apply_suggestion(pull.review_comments[0])


def test_comment_on_a_whole_file(github: Simulator, pull: Pull, bot: Any) -> None:
    github.maintainer.comment_on_line(pull, "long.txt", None, "Too long.")
    [shown] = bot("GET", f"/pulls/{pull.number}/comments").json()
    assert (shown["subject_type"], shown["line"]) == ("file", None)


def test_resolving_is_told_to_who_asked_for_it(github: Simulator, repo: Repository, pull: Pull) -> None:
    comment = github.maintainer.comment_on_line(pull, "long.txt", 5, "Why?")
    github.pending.clear()
    github.contributor.resolve(comment)
    github.contributor.resolve(comment.thread)
    github.maintainer.unresolve(comment)
    names = ["pull_request_review_thread.resolved", "pull_request_review_thread.unresolved"]
    assert told(github) == names
    [shown] = github.pending[0].payload["thread"]["comments"]
    assert (shown["id"], comment.thread.is_resolved) == (comment.id, False)
