"""The App looks at itself: permissions, installations, deliveries and asking for them again."""

from __future__ import annotations

import json
from datetime import timedelta

from app.github import app as apps


def test_the_app_knows_its_permissions(auth, simulator, repo):
    found = apps.this_app(auth.client)
    assert (found.id, found.slug) == (simulator.app.id, "lamplighter")
    assert found.permissions["contents"] == "write"
    assert "workflows" not in found.permissions


def test_installations(auth, simulator, repo, installation_id):
    assert [found.id for found in apps.installations(auth.client)] == [installation_id]
    assert apps.installation(auth.client, installation_id).account == "acme"
    found = apps.installation_of(auth.client, "acme/calc")
    assert found is not None and found.id == installation_id and not found.suspended
    simulator.owner.suspend(repo)
    assert apps.installation(auth.client, installation_id).suspended
    assert apps.installation_of(auth.client, "acme/none") is None


def test_lost_deliveries_are_found_read_and_sent_again(auth, simulator, repo, clock):
    arrived: list[str] = []

    def door(delivery):
        arrived.append(delivery.guid)
        return 202, "{}"

    simulator.deliver = door
    simulator.deliver_pending()
    arrived.clear()
    start = clock.now()
    clock.advance(60)
    simulator.lose_next(1, event="issues")
    simulator.maintainer.open_issue(repo, "Divide by zero")
    simulator.deliver_pending()

    found = list(apps.deliveries(auth.client, since=start + timedelta(seconds=1)))
    lost = [delivery for delivery in found if not delivery.arrived]
    assert [(delivery.event, delivery.action) for delivery in lost] == [("issues", "opened")]
    assert lost[0].repository_id == repo.id

    sent = apps.delivered_payload(auth.client, lost[0].id)
    assert (sent.guid, sent.event) == (lost[0].guid, "issues")
    assert json.loads(sent.body)["issue"]["title"] == "Divide by zero"

    apps.redeliver(auth.client, lost[0].id)
    simulator.deliver_pending()
    assert arrived == [lost[0].guid]
