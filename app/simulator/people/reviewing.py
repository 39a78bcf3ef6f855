"""What people do as reviewers."""

from __future__ import annotations

from collections.abc import Iterable

from app.simulator.actions import pulls, reviews, suggestions
from app.simulator.actions.reviews import LineComment
from app.simulator.people.somebody import Somebody
from app.simulator.records import Review
from app.simulator.state import Pull, ReviewComment, ReviewThread

REVIEW_WORDS = {
    "approved": "APPROVED",
    "approve": "APPROVED",
    "changes_requested": "CHANGES_REQUESTED",
    "request_changes": "CHANGES_REQUESTED",
    "commented": "COMMENTED",
    "comment": "COMMENTED",
}
Comments = Iterable[LineComment | tuple[str, int, str]]  # a tuple: path, line of the head, text


def _made(comments: Comments) -> list[LineComment]:
    return [c if isinstance(c, LineComment) else LineComment(path=c[0], line=c[1], body=c[2]) for c in comments]


class Reviewing(Somebody):
    """Reviews, comments on lines, threads."""

    def review(self, pull: Pull, verdict: str, body: str = "", comments: Comments = ()) -> Review:
        """Review: approved, changes_requested or commented, with comments on lines."""
        with self.world.lock:
            review = reviews.start_review(self.world, self.account, pull, body=body, comments=_made(comments))
            state = REVIEW_WORDS[verdict.lower()]
            try:
                reviews.submit_review(self.world, self.account, pull, review, state=state, body=None)
            except Exception:
                reviews.discard_review(pull, review)
                raise
            return review

    def start_review(self, pull: Pull, comments: Comments = ()) -> Review:
        """Begin a review that nobody else sees until it is submitted."""
        with self.world.lock:
            return reviews.start_review(self.world, self.account, pull, comments=_made(comments))

    def submit_review(self, pull: Pull, review: Review, verdict: str, body: str = "") -> None:
        """Submit a review that was begun."""
        with self.world.lock:
            state = REVIEW_WORDS[verdict.lower()]
            reviews.submit_review(self.world, self.account, pull, review, state=state, body=body)

    def discard_review(self, pull: Pull, review: Review) -> None:
        """Throw a review that was begun away."""
        with self.world.lock:
            reviews.discard_review(pull, review)

    def dismiss_review(self, pull: Pull, review: Review, message: str = "Outdated") -> None:
        """Take the weight from somebody's verdict."""
        with self.world.lock:
            reviews.dismiss_review(self.world, self.account, pull, review, message)

    def edit_review(self, pull: Pull, review: Review, body: str) -> None:
        """Change the words of a review."""
        with self.world.lock:
            reviews.edit_review(self.world, self.account, pull, review, body)

    def comment_on_line(
        self, pull: Pull, path: str, line: int | None, body: str, *, side: str = "RIGHT", start_line: int | None = None
    ) -> ReviewComment:
        """One comment on a line (None: on the file) outside a review."""
        given = LineComment(path=path, line=line, body=body, side=side, start_line=start_line)
        with self.world.lock:
            return reviews.add_line_comment(self.world, self.account, pull, given)

    def reply(self, comment: ReviewComment, body: str, *, review: Review | None = None) -> ReviewComment:
        """Answer a comment on a line; with one's own pending review the answer waits for that."""
        with self.world.lock:
            return reviews.reply(self.world, self.account, comment, body, review=review)

    def edit_line_comment(self, comment: ReviewComment, body: str) -> None:
        """Change a comment on a line."""
        with self.world.lock:
            reviews.edit_line_comment(self.world, self.account, comment, body)

    def delete_line_comment(self, comment: ReviewComment) -> None:
        """Delete a comment on a line."""
        with self.world.lock:
            reviews.delete_line_comment(self.world, self.account, comment)

    def apply_suggestion(self, comment: ReviewComment) -> str:
        """Commit the suggestion of a comment to the pull request's branch. Answers the SHA."""
        with self.world.lock:
            return suggestions.apply(self.world, self.account, comment)

    def resolve(self, thread: ReviewThread | ReviewComment) -> None:
        """Say that a thread (or that of a comment) is done."""
        self._set_resolved(thread, True)

    def unresolve(self, thread: ReviewThread | ReviewComment) -> None:
        """Say that it is not done."""
        self._set_resolved(thread, False)

    def _set_resolved(self, thread: ReviewThread | ReviewComment, resolved: bool) -> None:
        found = thread.thread if isinstance(thread, ReviewComment) else thread
        with self.world.lock:
            reviews.set_resolved(self.world, self.account, found, resolved)

    def request_review(self, pull: Pull, *logins: str) -> None:
        """Ask people for a review."""
        with self.world.lock:
            people = [self.world.account(login) for login in logins]
            pulls.request_reviewers(self.world, self.account, pull, people, [])
