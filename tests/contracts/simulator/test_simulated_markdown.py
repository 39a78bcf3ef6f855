"""What a person sees of Markdown on the simulated pages."""

from __future__ import annotations

from app.simulator.markdown import html


def test_markdown_is_shown_and_html_is_not_obeyed() -> None:
    shown = html("<!-- hidden -->\n**bold** <script>x</script> <sub>small</sub>\n\n| a |\n|---|\n| `b` |\n")
    assert "<strong>bold</strong>" in shown
    assert "<sub>small</sub>" in shown
    assert "<td><code>b</code></td>" in shown
    assert "<script>" not in shown
    assert "hidden" not in shown


def test_a_link_cannot_run_anything() -> None:
    assert 'href="javascript:' not in html("[x](javascript:alert(1))")
