"""What both sites are asked to do, beside the pages that they show: forms that are saved, actions, exports.

Each is the requests that a browser sends: a form is opened before it is saved, since each save has to know what it
changes, and an action or a deletion is confirmed where a site asks. All can be done again and again on the same rows,
but for users that are deleted: each of them is another one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlencode

from benchmarks.million.measure import Do
from benchmarks.million.questions import AUTHOR, FOUND_BY
from benchmarks.million.rows import WRITER, Blog
from benchmarks.million.sites import TOKEN_FIELD, Site
from dovetail.contrib.admin.testing import read_form

Fields = Mapping[str, object]
SUBMITS = frozenset({"_save", "_continue", "_addanother", "_saveasnew", "save"})


@dataclass(frozen=True, kw_only=True)
class Doing:
    """Something to do; `django` is None for what the site without a history does beside ours."""

    name: str
    dovetail: Do
    django: Do | None = None


def doings(blog: Blog) -> dict[str, list[Doing]]:
    """Return what is done, by section."""
    return {"Doing": _office(blog), "History": _written(blog)}


def _office(blog: Blog) -> list[Doing]:
    posts, theirs = "/admin/blog/post/", "/admin/django_blog/post/"
    tagged = urlencode({"tags": FOUND_BY})
    return [
        Doing(
            name="open and save a post",
            dovetail=_saved(f"{posts}{AUTHOR}/change/", "title", {"save": "list"}),
            django=_saved(f"{theirs}{AUTHOR}/change/", "title", {"_save": "Save"}),
        ),
        Doing(
            name="an action on all posts of a tag",
            dovetail=_confirmed(f"{posts}action/{{}}/?{tagged}"),
            django=_acted(f"{theirs}?{urlencode({'tags__id__exact': FOUND_BY})}"),
        ),
        Doing(
            name="export all pending comments",
            dovetail=_got("/admin/comments/comment/export/csv/?status=pending"),
            django=_exported("/admin/django_admin/comment/?status__exact=pending"),
        ),
        Doing(
            name=f"delete a user of {blog.posts // blog.users} posts",
            dovetail=_deleted("/admin/auth/user/delete/?pks={}", WRITER + 2),
            django=_deleted("/admin/django_blog/user/{}/delete/", blog.users // 2),
        ),
    ]


def _written(blog: Blog) -> list[Doing]:
    """Return writes by the API, of which the history keeps a line; `no history` is the same site without it."""
    numbers = count(blog.posts)

    def patch(site: Site, connection: HTTPConnection) -> bytes:
        return _sent(site, connection, "PATCH", f"/api/posts/{AUTHOR}", {"title": f"Title {next(numbers)}"})

    def post(site: Site, connection: HTTPConnection) -> bytes:
        made = {"title": f"Post {next(numbers)}", "content": "Text.", "tags": ["tag 1", "tag 2"]}
        return _sent(site, connection, "POST", "/api/posts", made)

    def delete(site: Site, connection: HTTPConnection) -> bytes:
        number = json.loads(post(site, connection))["id"]
        return _sent(site, connection, "DELETE", f"/api/posts/{number}", None)

    names = ("change a title by the API", "make a post with two tags", "make a post and delete it")
    return [Doing(name=name, dovetail=do) for name, do in zip(names, (patch, post, delete), strict=True)]


def _deleted(path: str, first: int) -> Do:
    """Return what deletes one user after the other, with all that they wrote: each site begins with another one."""
    numbers = count(first)

    def do(site: Site, connection: HTTPConnection) -> bytes:
        page = path.format(next(numbers))
        return site.send(connection, page, read_form(site.ask(connection, page)[1].decode()))[1]

    return do


def _got(path: str) -> Do:
    return lambda site, connection: site.ask(connection, path)[1]


def _saved(path: str, changed: str, button: Fields) -> Do:
    numbers = count()

    def do(site: Site, connection: HTTPConnection) -> bytes:
        form = read_form(site.ask(connection, path)[1].decode())
        fields = {name: value for name, value in form.items() if name not in SUBMITS}
        return site.send(connection, path, {**fields, changed: f"Title {next(numbers)}", **button})[1]

    return do


def _confirmed(path: str) -> Do:
    """Return what publishes and unpublishes in turns all that a list shows, in the two steps of Dovetail."""
    numbers = count()

    def do(site: Site, connection: HTTPConnection) -> bytes:
        action = path.format(("unpublish", "publish")[next(numbers) % 2])
        asked = site.send(connection, action, {"select_across": "1", **_token(site, connection)})[1]
        return site.send(connection, action, read_form(asked.decode()))[1]

    return do


def _acted(path: str) -> Do:
    numbers = count()

    def do(site: Site, connection: HTTPConnection) -> bytes:
        action = ("unpublish", "publish")[next(numbers) % 2]
        fields = {"action": action, "select_across": "1", "index": "0", "_selected_action": "1"}
        return site.send(connection, path, {**fields, **_token(site, connection)})[1]

    return do


def _exported(path: str) -> Do:
    def do(site: Site, connection: HTTPConnection) -> bytes:
        fields = {"action": "export_as_csv", "select_across": "1", "index": "0", "_selected_action": "1"}
        return site.send(connection, path, {**fields, **_token(site, connection)})[1]

    return do


def _token(site: Site, connection: HTTPConnection) -> dict[str, str]:
    """Return the field against forged requests, of a small page; a browser has it of the list where it is."""
    if not site.forms:
        path = "/admin/blog/tag/add/" if site.server.contestant.is_dovetail else "/admin/django_blog/tag/add/"
        found = TOKEN_FIELD.search(site.ask(connection, path)[1].decode())
        if found is None:
            raise RuntimeError(f"{site.server.contestant.name} has no form at {path}")
        site.forms[found[1]] = found[2]
    return site.forms


def _sent(site: Site, connection: HTTPConnection, method: str, path: str, body: object) -> bytes:
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.read()
    if response.status >= 300:  # noqa: PLR2004 - all of these are refusals
        raise RuntimeError(f"{site.server.contestant.name}: {method} {path}: {response.status} {answer[:500]!r}")
    return answer
