"""Pages for a person with a browser: look at issues and pull requests, comment, label, review, merge."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl, quote

from app.simulator import app_pages, markdown
from app.simulator.http import ApiError, Request, Response, not_found
from app.simulator.people import Person
from app.simulator.records import Reaction
from app.simulator.state import Issue, Pull, Repository
from app.simulator.world import World

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'self' http://127.0.0.1:*",  # a new App sends its maker back to a page of this machine
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1f2328}
pre{background:#f6f8fa;padding:.8rem;overflow:auto;white-space:pre-wrap;font-size:.85rem}
article{border:1px solid #d1d9e0;border-radius:6px;margin:1rem 0}article>*{margin:0;padding:.6rem 1rem}
article>header{background:#f6f8fa;border-bottom:1px solid #d1d9e0}.label{border:1px solid #59636e;border-radius:1em;
padding:0 .6em;font-size:.85rem}button,select,input,textarea{font:inherit}textarea{width:100%;min-height:6rem}
form{margin:.6rem 0}nav{color:#59636e}table{border-collapse:collapse}td,th{border:1px solid #d1d9e0;padding:.2rem .6rem}
code{background:#f6f8fa;padding:.1em .3em;border-radius:4px}sub{color:#59636e}h3{margin:.2rem 0}
body{overflow-wrap:anywhere}table{display:block;overflow-x:auto}input,select{max-width:100%;box-sizing:border-box}
textarea{box-sizing:border-box}img{max-width:100%}
"""


VIEWPORT = '<meta name=viewport content="width=device-width,initial-scale=1">'


def answer(world: World, request: Request) -> Response:
    """One page, or the change a form asks for and then a redirect to its page."""
    try:
        with world.lock:
            if request.method == "POST":
                return _change(world, request)
            return Response(200, _page(world, request.path.strip("/")).encode(), dict(HEADERS))
    except ApiError as error:
        body = _frame("Sorry", f"<p>{escape(error.message)}</p>")
        return Response(error.status, body.encode(), dict(HEADERS))


def _frame(title: str, body: str) -> str:
    head = f"<!doctype html><html lang=en><meta charset=utf-8>{VIEWPORT}<title>{escape(title)}</title>"
    head += f"<style>{STYLE}</style>"
    return f"{head}<nav><a href=/>Simulated GitHub</a></nav><h1>{escape(title)}</h1>{body}"


def _page(world: World, path: str) -> str:
    if shown := app_pages.page(world, path):
        return _frame(*shown)
    if not path:
        items = [f"<li><a href=/{r.full_name}>{escape(r.full_name)}</a>" for r in world.repositories.values()]
        return _frame("Repositories", f"<ul>{''.join(items)}</ul>")
    parts = path.split("/")
    if len(parts) < 2:
        return _person_page(world, path)
    repo = world.find_repository("/".join(parts[:2]))
    if len(parts) == 4 and parts[2] in ("issues", "pull") and parts[3].isdecimal():
        return _thread_page(world, world.thread(repo, int(parts[3])))
    if len(parts) == 2 or parts[2] in ("issues", "pulls"):
        return _repository_page(world, repo)
    raise not_found()


def _person_page(world: World, login: str) -> str:
    """Who somebody is, and what they wrote."""
    account = world.find_account(login)
    threads = [t for repo in world.repositories.values() for t in repo.threads.values() if t.author == account.login]
    rows = [
        f"<li><a href={_address(t)}>{escape(t.repository.full_name)}#{t.number} {escape(t.title)}</a>" for t in threads
    ]
    return _frame(account.login, f"<p>{_role(world, account.login)}</p><ul>{''.join(rows)}</ul>")


def _role(world: World, login: str, repo: Repository | None = None) -> str:
    role = (repo.roles if repo else {}).get(login) or world.person_roles.get(login)
    return f"<span class=label>{escape(role)}</span>" if role else ""


def _links(world: World, repo: Repository) -> markdown.Links:
    """Where `#3` and `@name` lead in a repository's texts."""
    people = {f"@{login.lower()}": f"/{quote(login)}" for login in world.person_roles}
    return people | {f"#{number}": _address(thread) for number, thread in repo.threads.items()}


def _address(thread: Issue) -> str:
    kind = "pull" if isinstance(thread, Pull) else "issues"
    return f"/{thread.repository.full_name}/{kind}/{thread.number}"


def _repository_page(world: World, repo: Repository) -> str:
    rows = [
        f"<li><a href={_address(t)}>#{t.number} {escape(t.title)}</a> {_badge(t)} {_labels(t)}"
        for t in sorted(repo.threads.values(), key=lambda t: -t.number)
    ]
    fields = "<input name=title placeholder=Title required><textarea name=body></textarea>"
    form = _form(world, f"/{repo.full_name}/issues", "open", "Open issue", fields)
    branches = ", ".join(escape(name) for name in repo.branches)
    return _frame(repo.full_name, f"<p>Branches: {branches}</p><ul>{''.join(rows)}</ul><h2>New issue</h2>{form}")


def _badge(thread: Issue) -> str:
    if isinstance(thread, Pull):
        return "merged" if thread.merged else "draft" if thread.draft and thread.state == "open" else thread.state
    return thread.state


def _labels(thread: Issue) -> str:
    return " ".join(f"<span class=label>{escape(name)}</span>" for name in thread.labels)


Say = Callable[..., str]  # author, when, body, extra → an article


def _saying(world: World, repo: Repository) -> Say:
    links = _links(world, repo)

    def said(author: str, when: object, body: str | None, extra: str = "") -> str:
        head = f"<header><b>{escape(author)}</b> {_role(world, author, repo)} {escape(str(when))} {extra}</header>"
        return f"<article>{head}<div>{markdown.html(body or '', links)}</div></article>"

    return said


def _thread_page(world: World, thread: Issue) -> str:
    said = _saying(world, thread.repository)
    parts = [f"<p>{_badge(thread)} {_labels(thread)}</p>", said(thread.author, thread.created_at, thread.body)]
    talk = [(c.created_at, said(c.author, c.created_at, c.body, _reactions(c.reactions))) for c in thread.comments]
    if isinstance(thread, Pull):
        submitted = [(r, r.submitted_at) for r in thread.reviews if r.submitted_at is not None]
        talk += [(at, said(r.author, at, r.body, r.state)) for r, at in submitted]
        talk += [
            (c.created_at, said(c.author, c.created_at, c.body, escape(f"{c.path}:{c.line}")))
            for c in thread.review_comments
        ]
    parts += [html for _, html in sorted(talk, key=lambda item: str(item[0]))]
    if isinstance(thread, Pull):
        parts.append(_pull_parts(thread))
    parts.append(_forms(world, thread))
    return _frame(f"#{thread.number} {thread.title}", "".join(parts))


def _reactions(reactions: list[Reaction]) -> str:
    return " ".join(escape(reaction.content) for reaction in reactions)


def _pull_parts(pull: Pull) -> str:
    repo = pull.repository
    runs = [f"<li>{escape(r.name)}: {r.status} {r.conclusion or ''}" for r in repo.check_runs(pull.head_sha)]
    files = "".join(_file(f.filename, f"+{f.additions} -{f.deletions}", f.patch) for f in pull.files)
    where = f"<p>{escape(pull.head)} into {escape(pull.base)}</p>"
    return f"{where}<h2>Checks</h2><ul>{''.join(runs)}</ul><h2>Files</h2>{files}"


def _file(name: str, counts: str, patch: str | None) -> str:
    return f"<article><header>{escape(name)} {counts}</header><pre>{escape(patch or '')}</pre></article>"


def _form(world: World, action: str, deed: str, text: str, fields: str = "") -> str:
    people = "".join(
        f"<option value='{escape(login)}'>{escape(login)} ({escape(role)})</option>"
        for login, role in world.person_roles.items()
        if role != "none"
    )
    who = f"<label>as <select name=person>{people}</select></label>"
    button = f"<button name=deed value={deed}>{escape(text)}</button>"
    return f"<form method=post action={quote(action)}>{fields} {who} {button}</form>"


def _forms(world: World, thread: Issue) -> str:
    address = _address(thread)
    forms = [_form(world, address, "comment", "Comment", "<textarea name=body required></textarea>")]
    names = "".join(f"<option value='{escape(label.name)}'>" for label in thread.repository.labels.values())
    field = f"<input name=label list=names required><datalist id=names>{names}</datalist>"
    forms += [
        _form(world, address, "label", "Add label", field),
        _form(world, address, "unlabel", "Remove label", field),
    ]
    if isinstance(thread, Pull) and thread.state == "open":
        text = "<textarea name=body></textarea>"
        forms.append(_form(world, address, "changes_requested", "Request changes", text))
        forms.append(_form(world, address, "approved", "Approve", text))
        forms.append(_form(world, address, "merge", "Merge"))
    deed = ("close", "Close") if thread.state == "open" else ("reopen", "Reopen")
    return "<h2>Take part</h2>" + "".join(forms) + _form(world, address, *deed)


def _change(world: World, request: Request) -> Response:
    origin = request.headers.get("origin")
    if app_pages.comes_from_elsewhere(request):
        origin = None
    if origin not in (None, "null", world.html_url) or request.headers.get("sec-fetch-site") == "cross-site":
        raise ApiError(403, "This form was sent from elsewhere.")
    fields = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    done = app_pages.change(world, request, fields)
    if isinstance(done, tuple):
        return Response(200, _frame(*done).encode(), dict(HEADERS))
    if done is not None:
        return Response(303, None, {**HEADERS, "Location": done})
    person = Person(world, world.find_account(fields.get("person", "")))
    match = re.fullmatch(r"/([^/]+/[^/]+)/(?:issues|pull)(?:/(\d+))?", request.path)
    if match is None:
        raise not_found()
    repo = world.find_repository(match[1])
    if match[2] is None:
        thread = person.open_issue(
            repo, fields.get("title") or "Untitled", fields.get("body", "").replace("\r\n", "\n")
        )
    else:
        thread = world.thread(repo, int(match[2]))
        _do(person, thread, fields)
    return Response(303, None, {**HEADERS, "Location": _address(thread)})


def _do(person: Person, thread: Issue, fields: dict[str, str]) -> None:
    body, label = fields.get("body", "").replace("\r\n", "\n"), fields.get("label", "").strip()
    deed = fields.get("deed", "")
    deeds: dict[str, Callable[[], object]] = {
        "comment": lambda: person.comment(thread, body),
        "label": lambda: person.label(thread, label),
        "close": lambda: person.close(thread),
        "reopen": lambda: person.reopen(thread),
    }
    if label in thread.labels:
        deeds["unlabel"] = lambda: person.unlabel(thread, label)
    if isinstance(thread, Pull):
        pull = thread
        for verdict in ("approved", "changes_requested"):
            deeds[verdict] = lambda verdict=verdict: person.review(pull, verdict, body)  # type: ignore[misc]
        deeds["merge"] = lambda: person.merge(pull)
    if deed not in deeds:
        raise ApiError(422, f"Cannot do this here: {deed}")
    deeds[deed]()
