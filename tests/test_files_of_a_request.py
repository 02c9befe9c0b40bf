"""A request enters few of our files, so that who follows it finds the way; so does an option on its way to SQL."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pydantic import SecretStr

from dovetail.contrib.auth.models import User
from dovetail.resources.policy import ReadOnly
from dovetail.resources.query.search import Search
from dovetail.resources.query.url import read_list_query
from dovetail.resources.query.where import PageRequest, conditions
from dovetail.resources.resource import Resource
from dovetail.resources.visibility import EVERYTHING
from plugins.blog.services import create_post
from tests.library.models import Book
from tests.library.schemas import BookRead

ROOT = Path(__file__).parent.parent
OURS = ("dovetail", "plugins", "project", "config")
FILES_OF_A_READ = 11
FILES_OF_A_READ_WITH_A_TOKEN = 14  # whose token it is, and for whom it speaks
# With the history, which writes down who changed what, from where and by which door. SQLite's writers take turns.
FILES_OF_A_CHANGE = {"sqlite": 20, "postgresql": 18}
FILES_OF_THE_HISTORY = 2
FILES_OF_A_CREATION = {"sqlite": 39, "postgresql": 32}  # with tags, which the INSERT finds
FILES_OF_A_DELETION = {"sqlite": 20, "postgresql": 18}
FILES_OF_A_FILTER = 6
ABOVE_THE_MIDDLEWARE = {"LeanFastAPI.__call__"}  # the application itself


@contextmanager
def entered() -> Iterator[dict[str, set[str]]]:
    """The functions that are called within the block, by file."""
    found: dict[str, set[str]] = {}

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in OURS:
                name = str(file.relative_to(ROOT))
                found.setdefault(name, set()).add(frame.f_code.co_qualname)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


@pytest.fixture
async def ada(make_user):
    return await make_user(username="ada")


@pytest.fixture
def settings(settings, request):
    """The site's settings without the plugins that a test leaves out."""
    left_out = getattr(request, "param", ())
    return settings.model_copy(update={"plugins": tuple(name for name in settings.plugins if name not in left_out)})


@pytest.fixture
async def path(database, ada):
    async with database.unit_of_work() as session:
        author = await session.get_one(User, ada.id)
        made = await create_post(
            session, author=author, title="One", content="Text.", is_published=True, tags=["one", "two"]
        )
    return f"/api/posts/{made.id}"


async def files_of(ask):
    """The files below the middleware that a request enters, once everything is compiled."""
    for number in range(3):
        (await ask(number)).raise_for_status()
    with entered() as found:
        (await ask(3)).raise_for_status()
    below = {file: names - ABOVE_THE_MIDDLEWARE for file, names in found.items()}
    return {file for file, names in below.items() if names and not file.startswith("dovetail/middleware/")}


async def test_a_get_of_one_post_enters_few_files(client, path):
    files = await files_of(lambda _: client.get(path))
    assert {"dovetail/resources/endpoints/fast_path.py", "dovetail/resources/read/reader.py"} < files
    assert len(files) <= FILES_OF_A_READ, "\n".join(sorted(files))


async def test_a_get_with_a_token_enters_few_files(client_for, ada, path):
    client = await client_for(ada)
    files = await files_of(lambda _: client.get(path))
    assert {"dovetail/contrib/auth/accounts/access_tokens.py", "dovetail/resources/read/reader.py"} < files
    assert len(files) <= FILES_OF_A_READ_WITH_A_TOKEN, "\n".join(sorted(files))


async def test_a_patch_of_one_post_enters_few_files(client_for, ada, path, database_kind):
    files = await files_of_a_patch(client_for, ada, path)
    assert "dovetail/contrib/history/recording/origin.py" in files
    assert len(files) <= FILES_OF_A_CHANGE[database_kind], "\n".join(sorted(files))


@pytest.mark.parametrize("settings", [("dovetail.contrib.history",)], indirect=True, ids=["without history"])
async def test_a_patch_without_a_history_enters_fewer_files(client_for, ada, path, database_kind):
    files = await files_of_a_patch(client_for, ada, path)
    assert len(files) <= FILES_OF_A_CHANGE[database_kind] - FILES_OF_THE_HISTORY, "\n".join(sorted(files))


async def files_of_a_patch(client_for, ada, path):
    client = await client_for(ada)
    files = await files_of(lambda number: client.patch(path, json={"title": f"Title {number}"}))
    assert {"dovetail/resources/write/single_statement.py", "dovetail/database/fast_unit_of_work.py"} < files
    return files


async def test_a_post_of_one_post_enters_few_files(client_for, ada, path, database_kind):
    client = await client_for(ada)
    body = {"title": "Two", "content": "Text.", "tags": ["one", "two"]}
    files = await files_of(lambda _: client.post("/api/posts", json=body))
    assert {"dovetail/resources/write/insert.py", "dovetail/contrib/history/recording/origin.py"} < files
    assert len(files) <= FILES_OF_A_CREATION[database_kind], "\n".join(sorted(files))


async def test_a_delete_of_one_post_enters_few_files(client_for, ada, database, database_kind):
    client = await client_for(ada)
    async with database.unit_of_work() as session:
        author = await session.get_one(User, ada.id)
        made = [await create_post(session, author=author, title="One", content="Text.") for _ in range(4)]
    files = await files_of(lambda number: client.delete(f"/api/posts/{made[number].id}"))
    assert {"dovetail/resources/write/single_statement.py", "dovetail/contrib/history/recording/origin.py"} < files
    assert len(files) <= FILES_OF_A_DELETION[database_kind], "\n".join(sorted(files))


def declare(**options):
    resource = Resource(model=Book, read=BookRead, policy=ReadOnly(), **options)
    return resource, resource.grammar


def test_a_filter_is_followed_through_few_files_from_its_declaration_to_its_where():
    declare()  # what is made once is made
    with entered() as without:
        declare()
    with entered() as declared:
        _, grammar = declare(filters={"pages": ("lte",)})
    with entered() as asked:
        query = read_list_query({"pages__lte": "100"}, grammar, SecretStr("secret"))
        request = PageRequest(query, ())
        found = conditions(request, EVERYTHING, Search(), ())
        values = request.parameters()
    assert str(found[-1]) == "library_book.pages <= :filter_0_0"
    assert values["filter_0_0"] == 100
    of_the_filter = {file for file, names in declared.items() if names - without.get(file, set())}
    of_the_filter |= {"dovetail/resources/declaration/declared.py"}  # where `filters` is declared
    files = {file for file in of_the_filter | asked.keys() if file.startswith("dovetail/resources/")}
    assert {"dovetail/resources/query/filters.py", "dovetail/resources/query/where.py"} < files
    assert len(files) <= FILES_OF_A_FILTER, "\n".join(sorted(files))
