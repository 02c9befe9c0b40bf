"""No page of the back office has a text that is not translated."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import update

from dovetail.contrib.admin.testing import ORIGIN, BackOffice, read_form
from dovetail.contrib.auth.factors.models import Totp
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.translation.zones import zone_names
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tests.contrib.admin.conftest import COOKIE
from tests.contrib.admin.depot.models import DepotBase, Parcel
from tests.contrib.admin.depot.plugin import plugin
from tests.translation.pseudo import CODE, untranslated, write_pseudo_catalog

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

PARCELS = "/depot/parcels/"
LANGUAGE = COOKIE.replace("session", "language")
# What is no text of ours: what the test wrote, names of languages, zones, hosts, formats and of permissions.
DATA = re.compile(
    r"boss@example\.org|(login )?boss|The Boss|Zq\w*|Dovetail|English|Esperanto|testserver|127\.0\.0\.1|UTC|CSV|JSON"
    r"|XLSX|^(Send|label|weight)$|Ctrl \w|[a-z]+\.[a-z_]+"
)


@pytest.fixture
def more():
    return {"tests.contrib.admin.depot": DepotBase}  # of which lists are imported to, and edited at once


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_pseudo_catalog(folder, plugin)
    return folder


@pytest.fixture
def settings(make_settings, settings_class, database_url, more, site):
    return make_settings(
        database_url=database_url,
        base_dir=site,
        languages=(("en", "English"), (CODE, "Esperanto")),
        plugins=(*settings_class.model_fields["plugins"].default, *more),
    )


@pytest.fixture
async def rows(session, boss):
    post = Post(title="Zqpost", content="Zqtext", author_id=boss.id, tags=[Tag(name="Zqtag")])
    session.add_all([post, Parcel(id=1, label="Zqparcel", weight=1)])
    await session.flush()
    session.add(Comment(content="Zqcomment", post_id=post.id, author_id=boss.id))
    await session.commit()
    return post


MEANT = {
    "/nothing/here/": 404,
    "/blog/post/?where=((": 400,
    "wrong": 401,
    "bulk, wrong": 400,
    "checked": 422,
    "/enrol": 400,
}


def left_over(html: str) -> set[str]:
    zones = zone_names()
    return {one for one in untranslated(html) if one not in zones and re.search("[A-Za-z]{2}", DATA.sub("", one))}


async def test_every_page_is_translated(office, rows, boss, client):
    lists = ("auth/user", "auth/group", "blog/post", "blog/tag", "comments/comment", "auth/securityevent")
    pages = [
        "/",
        "/account/",
        "/blog/",
        "/nothing/here/",
        "/blog/post/?search=zzz",
        "/blog/post/?where=((",
        "/blog/post/?is_published=true&_facets=1",
    ]
    pages += [f"/{identity}/" for identity in lists]
    for one in (f"blog/post/{rows.id}", f"auth/user/{boss.id}"):
        pages += [f"/{one}/", f"/{one}/change/", f"/{one}/delete/", f"/{one}/history/"]
    pages += ["/auth/user/add/", "/auth/group/add/", "/blog/post/add/", "/history/recordedchange/"]
    pages += ["/why", "/why?user=boss&action=view&model=blog.post", "/trash", PARCELS, "/prove"]
    for page in pages:
        await office.get(page)  # in English, of which nothing is to stay for others
    office.client.cookies.set(LANGUAGE, CODE)
    assert untranslated_of({page: await office.get(page) for page in pages}) == {}
    chosen, parcel = {"pks": [str(rows.id)]}, {"pks": ["1"]}
    asked = {"delete": await office.post("/blog/post/delete/", chosen)}
    asked["confirm"] = await office.post("/auth/user/action/remove-factors/", {"pks": [str(boss.id)]})
    asked["bulk"] = await office.post(f"{PARCELS}bulk/", parcel)
    asked["bulk, wrong"] = await office.post(
        f"{PARCELS}bulk/", {**parcel, "confirmed": "yes", "change": "weight", "weight": "Zq"}
    )
    asked["upload"] = await office.get(f"{PARCELS}import/")
    asked["table"], asked["checked"] = await importing(office, "label,weight\nZqother,Zqwrong\n")
    assert untranslated_of(asked) == {}


async def test_every_page_before_the_login_is_translated(app, client, boss, session):
    client.cookies.set(LANGUAGE, CODE)
    session.add(Totp(user_id=boss.id, name="Zqapp", secret="x", confirmed_at=datetime.now(UTC)))
    await session.execute(update(User).values(has_second_factor=True))
    await session.commit()
    paths = ("/login", "/password_reset/", "/password_reset/done/", "/reset/", "/reset/done/", "/enrol", "/blog/post/")
    pages = {path: await client.get(f"/admin{path}", follow_redirects=True) for path in paths}
    values = {"csrf_token": read_form(pages["/login"].text)["csrf_token"], "username": "boss"}
    for path, password in (("wrong", "Zqwrong"), ("second step", PASSWORD)):
        sent = {**values, "password": password}
        pages[path] = await client.post("/admin/login", data=sent, headers={"Origin": ORIGIN}, follow_redirects=True)
    assert 'name="code"' in pages["second step"].text
    assert untranslated_of(pages) == {}


REFUSED = {
    "field": 400,
    "taken": 409,
    "stale": 409,
    "method": 405,
    "forged": 403,
    "another site": 403,
    "no text": 422,
    "not theirs": 403,
    "app without a name": 422,
    "wrong code": 404,
    "wrong password": 422,
    "no permission": 422,
    "group": 409,
    "address": 400,
    "query": 400,
}


async def test_what_is_refused_and_what_was_done_is_translated(office, rows, boss, make_user, back_office_for):
    reader = await back_office_for(await make_user(username="Zqreader", is_staff=True))
    for one in (office, reader):
        one.client.cookies.set(LANGUAGE, CODE)
    form, post = office.client.post, f"/blog/post/{rows.id}"
    token = {"csrf_token": await office.token()}
    bare = {"Origin": "https://elsewhere.example"}
    told = {
        "field": await office.submit("/blog/post/add/", {"title": "", "content": "Zq"}),
        "taken": await office.submit("/blog/tag/add/", {"name": "Zqtag"}),
        "stale": await office.submit(f"{post}/change/", {"_version": "Zq"}),
        "method": await office.client.put("/admin/account/password/change"),
        "forged": await form("/admin/blog/tag/add/", data={"name": "Zq"}),
        "another site": await form("/admin/blog/tag/add/", data=token, headers=bare),
        "no text": await form("/admin/blog/tag/add/", data={**token, "name": "Zq\0"}),
        "not theirs": await reader.get("/blog/post/"),
        "app without a name": await office.post("/account/factors/totp", {"name": ""}),
        "wrong code": await office.post("/account/factors/confirm", {"id": "9", "code": "Zq"}),
        "wrong password": await office.post("/account/password/change", {"current_password": "Zq", "password": "Zq"}),
        "no permission": await office.post("/account/tokens/make", {"name": "Zq", "days": "30", "scopes": "Zq"}),
        "address": await office.client.get("/admin/blog/tag/%ff/"),
        "query": await office.get("/blog/tag/?" + "&".join(f"a{one}=Zq" for one in range(1100))),
    }
    done = {"app": await office.post("/account/factors/totp", {"name": "Zqapp"})}
    for name in ("Zqgroup", "Zqgroup"):
        told["group"] = await office.submit("/auth/group/add/", {"name": name})
    await office.submit(f"{post}/change/", {"title": "Zqnew"})
    done["saved"] = await office.get("/blog/post/")
    change = read_form((await office.get(f"{post}/history/")).text)["change"]
    for name in ("undone", "undone already"):  # which the page says, to which it leads back
        assert (await office.submit(f"{post}/history/", {"change": change})).status_code == 303
        done[name] = await office.get(f"{post}/history/")
    await office.post("/blog/tag/delete/", {"pks": [str(rows.tags[0].id)], "confirmed": "yes"})
    done["deleted"] = await office.get("/trash")
    assert {name: page.status_code for name, page in told.items()} == REFUSED
    pages = {**told, **done}
    assert {name: texts for name, page in pages.items() if (texts := left_over(page.text))} == {}


async def importing(office: BackOffice, content: str) -> tuple[httpx.Response, httpx.Response]:
    """The page that says what the columns of a file are, and what it says once they are checked."""
    answer = await office.client.post(
        f"/admin{PARCELS}import/",
        data={"csrf_token": await office.token()},
        files={"file": ("zq.csv", content.encode(), "text/csv")},
    )
    assert answer.status_code == 303, answer.text
    table = await office.client.get(answer.headers["location"])
    sent = {**read_form(table.text), "step": "check"}
    return table, await office.client.post(answer.headers["location"], data=sent)


def untranslated_of(pages: Mapping[str, httpx.Response]) -> dict[str, set[str]]:
    """What is not translated, by page."""
    for path, page in pages.items():
        assert page.status_code == MEANT.get(path, 200), path
        assert f'<html lang="{CODE}"' in page.text, path
    return {path: texts for path, page in pages.items() if (texts := left_over(page.text))}
