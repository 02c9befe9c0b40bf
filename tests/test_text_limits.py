"""No text that a stranger sends is worked on before it was measured, wherever it comes in."""

import ast
import copy
import unicodedata
from collections.abc import Iterator
from time import thread_time
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql import INT4RANGE, Range

from dovetail.contrib.admin.columns.texts import read_duration
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth import users
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.database.engine.ranges import read_range
from dovetail.errors import InvalidInputError
from dovetail.validators import LONGEST_NORMALIZED, normalize
from plugins.blog.models import Post, Tag
from plugins.blog.tag_names import normalize_tag_name
from plugins.comments.models import Comment
from plugins.wordpress.tags import tag_name
from plugins.wordpress.usernames import username_from
from tests.documented import Documented, Place
from tests.running import ROOT

# What a text costs before a statement is made of it has nothing to do with the database.
on_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"])

MARKS = "\u0301\u0316"
LONG = "a" + MARKS * 40_000  # 80,001 characters: 5 s to normalise
IN_FORM = "a" + MARKS * 5_000
IN_URL = "a" + MARKS * 2_500  # httpx takes URLs of 64 kB
PLENTY = 2.0  # seconds of CPU: a tenth of them is what the dearest request takes, and LONG takes more


@pytest.fixture
def normalized(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the texts that were normalised, by us or by a library."""
    lengths: list[int] = []
    original = unicodedata.normalize

    def count(form: str, text: str) -> str:
        lengths.append(len(text))
        return original(form, text[: 10 * LONGEST_NORMALIZED])  # so that a test that fails does so soon

    monkeypatch.setattr(unicodedata, "normalize", count)
    return lengths


@pytest.fixture
async def boss(make_user, session):
    user = await make_user(username="boss", is_superuser=True)
    post = Post(title="First", content="Text", author_id=user.id)
    session.add_all([post, Tag(id=1, name="python")])
    await session.flush()
    session.add(Comment(post_id=post.id, author_id=user.id, content="Well said."))
    await session.commit()
    return user


def requests(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests, each with one text that is far too long and all else as the document's examples have it."""
    for operation in Documented(document).operations():
        for one in operation.parameters:
            if one["in"] == "path" and operation.documented.is_text(one["schema"]):
                yield f"{operation} {one['name']}", operation.request(IN_URL)
            if one["in"] == "query":
                yield f"{operation} ?{one['name']}", {**operation.request(), "params": {one["name"]: IN_URL}}
        for kind, schema in operation.bodies.items():
            key = "json" if "json" in kind else "data"
            for place, _ in operation.documented.texts(schema):
                request = operation.request()
                yield f"{operation} {place}", {**request, key: _replaced(request[key], place)}


def _replaced(value: Any, place: Place) -> Any:
    if not place:
        return LONG
    value = copy.copy(value)
    value[place[0]] = _replaced(value[place[0]], place[1:])
    return value


@on_sqlite
async def test_no_endpoint_works_on_a_text_that_is_too_long(app, boss, client_for, normalized):
    client = await client_for(boss)
    seen = 0
    for what, request in requests(app.openapi()):
        before = thread_time()
        response = await client.request(**request)
        assert response.status_code < 500, what
        assert thread_time() - before < PLENTY, what
        assert max(normalized, default=0) <= LONGEST_NORMALIZED, what
        seen += 1
    assert seen > 60


@on_sqlite
async def test_every_text_in_a_body_and_every_text_to_compare_with_has_its_limit_in_the_document(app):
    free: list[str] = []
    for operation in Documented(app.openapi()).operations():
        for schema in operation.bodies.values():
            texts = operation.documented.texts(schema)
            free += [f"{operation} {place}" for place, text in texts if not _is_limited(text)]
        for one in operation.parameters:
            # Names are limited by how many there are, and only who was given a cursor has one that is read.
            by_name = one["name"] in {"fields", "expand", "ordering", "cursor"} or one["in"] == "header"
            text = operation.documented.resolve(one["schema"])
            if operation.documented.is_text(text) and not by_name and not _is_limited(text):
                free.append(f"{operation} {one['name']}")
    assert free == []


async def test_names_longer_than_all_there_are_get_one_answer(client):
    for name in ("fields", "ordering"):
        response = await client.get("/api/posts", params={name: "x," * 10_000})
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert error["pointer"] == name
        assert "at most" in error["detail"]
    every = ",".join(["id", "title"] * 50)
    assert (await client.get("/api/posts", params={"fields": every})).status_code == 200


def _is_limited(schema: dict[str, Any]) -> bool:
    return "maxLength" in schema or schema.get("format") in {"date-time", "date", "time", "uuid", "duration"}


PAGES = ("auth/user", "blog/post", "blog/tag", "comments/comment")
WITHOUT_FORM = {"/comments/comment/add/"}


@on_sqlite
async def test_no_page_of_the_back_office_works_on_a_text_that_is_too_long(boss, back_office_for, normalized):
    office = await back_office_for(boss)

    async def check(what: str, answer: Any) -> None:
        assert answer.status_code < 500, what
        assert max(normalized, default=0) <= LONGEST_NORMALIZED, what

    for view in PAGES:
        for path in (f"/{view}/add/", f"/{view}/1/change/"):
            page = await office.get(path)
            assert page.status_code == 200 or path in WITHOUT_FORM
            values = read_form(page.text) if path not in WITHOUT_FORM else {}
            for name in values:
                sent = await office.client.post(f"/admin{path}", data={**values, "save": "list", name: IN_FORM})
                await check(f"{path} {name}", sent)
        for name in ("search", "sortBy", "sort", "page", "pageSize", "author", "tags", "status", "post", "is_active"):
            await check(f"{view} {name}", await office.get(f"/{view}/", **{name: IN_URL}))
        for path in (f"/{view}/{IN_URL}/", f"/{view}/{IN_URL}/change/"):
            await check(path[:20], await office.get(path))
        for name in ("author", "tags", IN_URL):
            await check(f"{view} lookup", await office.get(f"/{view}/lookup/", name=name, term=IN_URL))


@pytest.mark.parametrize("field", ["username", "password"])
async def test_nobody_logs_in_to_the_back_office_with_a_text_that_is_too_long(client, normalized, field):
    page = await client.get("/admin/login")
    values = {**read_form(page.text), "username": "ada", "password": PASSWORD, field: LONG}
    before = thread_time()
    response = await client.post("/admin/login", data=values, headers={"Origin": "http://testserver"})
    assert response.status_code == 401
    assert thread_time() - before < PLENTY
    assert max(normalized, default=0) <= LONGEST_NORMALIZED


async def test_services_and_commands_measure_a_text_before_they_look_for_it(session, normalized):
    for text in (LONG, f"{LONG}@example.org", f"a@{LONG}.org"):
        assert await users.get_user_by_login(session, text) is None
    for clean in (users.normalize_username, users.normalize_email, users.clean_full_name, users.clean_bio):
        with pytest.raises(InvalidInputError):
            clean(LONG)
    with pytest.raises(ValueError, match="at most 50"):
        normalize_tag_name(LONG)
    assert max(normalized, default=0) <= LONGEST_NORMALIZED


def test_an_importer_takes_the_beginning_of_a_name_that_is_too_long(normalized):
    assert len(tag_name(LONG) or "") == 50
    assert username_from("José " + LONG) == "Jose.a"
    assert max(normalized) <= LONGEST_NORMALIZED


def test_a_tag_is_as_long_as_it_is_when_it_is_written_as_the_blog_writes_it():
    assert normalize_tag_name("\ufdfa") == "صلى الله عليه وسلم"  # one sign, eighteen letters
    with pytest.raises(ValueError, match="at most 50"):
        normalize_tag_name("\ufdfa" * 200)


def test_a_limit_that_is_none_is_a_mistake_of_ours():
    assert normalize("ﬁn", maximum=3) == "fin"
    with pytest.raises(ValueError, match="has 4 characters, expected 3"):
        normalize("fine", maximum=3)
    with pytest.raises(TypeError, match="expected 2000 or less"):
        normalize("fine", maximum=1_000_000)


def test_a_long_text_is_no_duration_and_no_range_without_a_try_for_each_place_in_it():
    before = thread_time()
    blank = "1" + " " * 200_000 + "!"
    assert read_duration(blank) == blank
    assert read_duration("9" * 5_000 + " days") == "9" * 5_000 + " days"
    assert read_duration("1 \t  days") == "1 days, 00:00:00.0"
    for text in ("[" + " " * 20_000, "[1," + " " * 20_000, '["' + " " * 20_000):
        with pytest.raises(ValueError, match="expected a range as in"):
            read_range(INT4RANGE, text)
    assert read_range(INT4RANGE, ' [ " 1 " , 5 ) ') == Range(1, 5)
    assert thread_time() - before < PLENTY


def test_nothing_else_normalises_text():
    callers = {
        str(path.relative_to(ROOT))
        for folder in ("dovetail", "plugins")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "normalize" and ast.unparse(node) == "unicodedata.normalize"
    }
    # The blog's are of a text whose length it has looked at, the importer's and the names of files are cut off before.
    cut_off = {"dovetail/files/stored_file.py", "plugins/wordpress/usernames.py"}
    assert callers == {"dovetail/validators.py", "plugins/blog/tag_names.py"} | cut_off
