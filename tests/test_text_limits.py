"""No text that a stranger sends is worked on before it was measured, wherever it comes in."""

import ast
import copy
import unicodedata
from collections.abc import Iterator
from time import thread_time
from typing import Any

import pytest

from plugins.blog.models import Post, Tag
from plugins.blog.tag_names import normalize_tag_name
from plugins.blog.wordpress.tags import tag_name
from plugins.blog.wordpress.usernames import username_from
from plugins.comments.models import Comment
from project.contrib.admin.testing import read_form
from project.contrib.auth import names, users
from project.contrib.auth.testing import PASSWORD
from project.errors import InvalidInputError
from project.text import LONGEST_NORMALIZED, normalize
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
    session.add_all([post, Tag(name="python")])
    await session.flush()
    session.add(Comment(post_id=post.id, author_id=user.id, content="Well said."))
    await session.commit()
    return user


class Texts:
    """Every place of an OpenAPI document where a text comes in."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def requests(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Requests, each with one text that is far too long and all else as the document's examples have it."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield from self._requests(method.upper(), path, operation)

    def _requests(self, method: str, path: str, operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        parameters = [self._resolve(one) for one in operation.get("parameters", ())]
        in_path = {one["name"]: one for one in parameters if one["in"] == "path"}
        url = path
        for name in in_path:
            url = url.replace("{" + name + "}", "1")
        content = self._resolve(operation.get("requestBody", {})).get("content", {})
        bodies = {kind: self._resolve(media["schema"]) for kind, media in content.items()}
        good: dict[str, Any] = {}
        for kind, schema in bodies.items():
            good = {"json" if "json" in kind else "data": self._example(schema)}
        for name, one in in_path.items():
            if self._is_text(one["schema"]):
                yield (
                    f"{method} {path} {name}",
                    {"method": method, "url": path.replace("{" + name + "}", IN_URL), **good},
                )
        for one in parameters:
            if one["in"] == "query":
                yield (
                    f"{method} {path} ?{one['name']}",
                    {"method": method, "url": url, "params": {one["name"]: IN_URL}, **good},
                )
        for schema in bodies.values():
            for place in self._places(schema):
                body = copy.deepcopy(good)
                (key,) = body
                body[key] = _replaced(body[key], place)
                yield f"{method} {path} {place}", {"method": method, "url": url, **body}

    def _places(self, schema: Any) -> Iterator[tuple[str | int, ...]]:
        schema = self._resolve(schema)
        for name, one in schema.get("properties", {}).items():
            for inner in self._places(one):
                yield (name, *inner)
        if schema.get("type") == "array":
            for inner in self._places(schema["items"]):
                yield (0, *inner)
        if self._is_text(schema):
            yield ()

    def _example(self, schema: Any) -> Any:
        schema = self._resolve(schema)
        if "properties" in schema:
            return {name: self._example(one) for name, one in schema["properties"].items()}
        if "const" in schema or "enum" in schema:
            return schema.get("const") or schema["enum"][0]
        if schema.get("type") == "array":
            return [self._example(schema["items"])]
        return schema.get("examples", [{"integer": 1, "boolean": False, "string": "text"}.get(schema.get("type"), 1)])[
            0
        ]

    def _is_text(self, schema: Any) -> bool:
        schema = self._resolve(schema)
        return schema.get("type") == "string" and not {"enum", "const"} & schema.keys()

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                found: Any = self.document
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
                schema = found
            elif "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            else:
                return schema


def _replaced(value: Any, place: tuple[str | int, ...]) -> Any:
    if not place:
        return LONG
    value = copy.copy(value)
    value[place[0]] = _replaced(value[place[0]], place[1:])
    return value


@on_sqlite
async def test_no_endpoint_works_on_a_text_that_is_too_long(app, boss, client_for, normalized):
    client = await client_for(boss)
    seen = 0
    for what, request in Texts(app.openapi()).requests():
        before = thread_time()
        response = await client.request(**request)
        assert response.status_code < 500, what
        assert thread_time() - before < PLENTY, what
        assert max(normalized, default=0) <= LONGEST_NORMALIZED, what
        seen += 1
    assert seen > 60


@on_sqlite
async def test_every_text_in_a_body_and_every_text_to_compare_with_has_its_limit_in_the_document(app):
    document = app.openapi()
    texts = Texts(document)
    free = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = texts._resolve(operation.get("requestBody", {})).get("content", {})
            for media in content.values():
                schemas = [(place, _at(texts, media["schema"], place)) for place in texts._places(media["schema"])]
                free += [(method, path, place) for place, schema in schemas if not _is_limited(schema)]
            for parameter in (texts._resolve(one) for one in operation.get("parameters", ())):
                name, schema = parameter["name"], texts._resolve(parameter["schema"])
                # Names are limited by how many there are, and only who was given a cursor has one that is read.
                by_name = name in {"fields", "expand", "ordering", "cursor"} or parameter["in"] == "header"
                if texts._is_text(schema) and not by_name and not _is_limited(schema):
                    free.append((method, path, name))
    assert free == []


def _at(texts: Texts, schema: Any, place: tuple[str | int, ...]) -> Any:
    schema = texts._resolve(schema)
    for part in place:
        schema = texts._resolve(schema["items"] if part == 0 else schema["properties"][part])
    return schema


def _is_limited(schema: dict[str, Any]) -> bool:
    return "maxLength" in schema or schema.get("format") in {"date-time", "date", "time", "uuid", "duration"}


PAGES = ("auth-user", "blog-post", "blog-tag", "comments-comment")
WITHOUT_FORM = {"/comments-comment/create"}


@on_sqlite
async def test_no_page_of_the_back_office_works_on_a_text_that_is_too_long(boss, back_office_for, normalized):
    office = await back_office_for(boss)

    async def check(what: str, answer: Any) -> None:
        assert answer.status_code < 500, what
        assert max(normalized, default=0) <= LONGEST_NORMALIZED, what

    for view in PAGES:
        for path in (f"/{view}/create", f"/{view}/edit/1"):
            page = await office.get(path)
            assert page.status_code == 200 or path in WITHOUT_FORM
            values = read_form(page.text) if path not in WITHOUT_FORM else {}
            for name in values:
                sent = await office.client.post(f"/admin{path}", data={**values, "save": "list", name: IN_FORM})
                await check(f"{path} {name}", sent)
        for name in ("search", "sortBy", "sort", "page", "pageSize", "author", "tags", "status", "post", "is_active"):
            await check(f"{view} {name}", await office.get(f"/{view}/list", **{name: IN_URL}))
        for path in (f"/{view}/details/{IN_URL}", f"/{view}/edit/{IN_URL}"):
            await check(path[:20], await office.get(path))
        for name in ("author", "tags", IN_URL):
            await check(f"{view} lookup", await office.get(f"/{view}/ajax/lookup", name=name, term=IN_URL))


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
    for clean in (names.normalize_username, names.normalize_email, names.clean_full_name, names.clean_bio):
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


def test_nothing_else_normalises_text():
    callers = {
        str(path.relative_to(ROOT))
        for folder in ("project", "plugins")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "normalize" and ast.unparse(node) == "unicodedata.normalize"
    }
    # The importer's is of a text that it has cut off before.
    assert callers == {"project/text.py", "plugins/blog/wordpress/usernames.py"}
