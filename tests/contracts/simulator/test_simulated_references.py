"""What a reader of the pages can click on, who somebody is, and that a phone shows it."""

from __future__ import annotations

import pytest

from app.simulator import Simulator, markdown, pages

LINKS = {"#3": "/o/r/issues/3", "@maya": "/maya"}
THREE, MAYA = '<a href="/o/r/issues/3">#3</a>', '<a href="/maya">@maya</a>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see #3, @maya", f"see {THREE}, {MAYA}"),
        ("Fixes #3.", f"Fixes {THREE}."),
        ("#30 and @nobody", "#30 and @nobody"),
        ("`#3` a@maya x#3", "<code>#3</code> a@maya x#3"),
        ("[#3](https://a.org)", '<a href="https://a.org">#3</a>'),
        ("<b>#3", f"&lt;b&gt;{THREE}"),
        ("#\u20603 @\u2060maya", "#\u20603 @\u2060maya"),
        ("a & b <script>", "a &amp; b &lt;script&gt;"),
    ],
)
def test_numbers_and_names_are_links(text, shown):
    assert markdown.html(text, LINKS) == f"<p>{shown}</p>\n"


def test_a_phone_shows_the_page_at_its_own_width():
    page = pages._frame("x", "")
    assert "width=device-width" in page
    for rule in ("overflow-wrap:anywhere", "overflow-x:auto", "img{max-width:100%}"):
        assert rule in page


def test_who_wrote_something_is_shown_with_their_role_there(tmp_path):
    simulator = Simulator(tmp_path)
    maya = simulator.person("maya", "maintain")
    repository = simulator.repository("o/r")
    first = maya.open_issue(repository, "First", "with @maya")
    maya.comment(first, "as in #1")
    with simulator.world.lock:
        page = pages._page(simulator.world, "o/r/issues/1")
        person = pages._page(simulator.world, "maya")
    assert "<b>maya</b> <span class=label>maintain</span>" in page
    assert "<option value='maya'>maya (maintain)</option>" in page
    assert '<a href="/o/r/issues/1">#1</a>' in page and '<a href="/maya">@maya</a>' in page
    assert "maintain" in person and "o/r#1 First" in person
