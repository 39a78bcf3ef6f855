"""The real template, deployed: from a signed webhook at the function URL to a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import container
from tests.aws.end_to_end.cloud import Cloud, pack
from tests.scenarios import stories

pytestmark = [pytest.mark.aws, pytest.mark.skipif(bool(container.missing()), reason=container.missing())]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    pack(tmp_path / "dist")
    made = Cloud(tmp_path, tmp_path / "dist")
    yield made
    made.close()


def test_a_signed_webhook_becomes_a_pull_request(cloud):
    stories.fix(cloud.model.script)
    issue = cloud.github.maintainer.open_issue(cloud.repo, "Divide by zero", body="It raises.")
    cloud.github.maintainer.label(issue, "agent-fix")
    cloud.until(lambda: issue.labels == ["agent:done"], 150)

    (pull,) = cloud.repo.pulls
    assert sorted(file.filename for file in pull.files) == ["calc.py", "test_by_zero.py"]
    assert all(commit.verified for commit in pull.commits)
    parts = [comment.read().partition("part=")[2].partition(" ")[0] for comment in issue.comments]
    assert parts == ["status", "result"]
    (run,) = cloud.store.runs()
    assert (run.phase, run.reason, run.attempt) == ("ended", "proposed", 1)
    cloud.until(lambda: not any(cloud.waiting().values()), 20)
    assert cloud.problems() == []
