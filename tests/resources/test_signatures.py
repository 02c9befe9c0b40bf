"""A hook that is misspelt or has another signature fails in the type checker, and when the site starts."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends
from sqlalchemy import true

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open, Policy
from dovetail.resources.resource import Resource
from tests.library.api import BookPolicy, Viewer, find_genres
from tests.library.models import Author, Book
from tests.library.schemas import BookCreate, BookRead, BookUpdate
from tests.test_registry import package, plugin

__all__ = ("package",)  # a fixture

MISDECLARED = Path(__file__).with_name("misdeclared.py")
REPOSITORY = MISDECLARED.parents[2]


def test_the_type_checker_reports_each_wrong_declaration_and_no_other():
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(MISDECLARED.relative_to(REPOSITORY))],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    # A hook of a base class and of its own base is reported twice.
    reported = list(
        dict.fromkeys(re.findall(r"^\S+misdeclared\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE))
    )
    lines = enumerate(MISDECLARED.read_text().splitlines(), 1)
    marked = [(str(number), line.partition("# mypy: ")[2]) for number, line in lines if "# mypy: " in line]
    assert reported == marked, done.stdout + done.stderr


class BookWithGenres(BookUpdate):
    genres: list[str]


class Misspelt(BookPolicy):
    def read_onyl(self, viewer):
        raise PermissionError


class Short(BookPolicy):
    def where(self, viewer):
        pass


class Waiting(BookPolicy):
    async def hidden(self, viewer):
        pass


class OfAuthors(BookPolicy):
    def read_only(self, viewer: Author) -> frozenset[str]:
        return frozenset()


class OfKnown(BookPolicy):
    def where(self, viewer: Viewer, action):
        return true()


class Undecided(BookPolicy):
    where = None


class Unreachable(BookPolicy):
    reader = Viewer


class WithHelpers(BookPolicy):
    def of_library(self, viewer):
        return true()

    def _read_onyl(self, viewer):
        pass


async def create_book(session, viewer, data):
    return {}


async def change_book(session, viewer, item, data):
    pass


async def swapped(session, data: BookCreate, viewer: Viewer):
    return {}


def waits_for_nothing(session, viewer, data):
    return {}


REFUSED = [
    ({"policy": BookPolicy}, "book: policy is the class BookPolicy, expected an instance: BookPolicy()"),
    ({"policy": object()}, "book: policy is a object, expected an instance of Policy"),
    ({"policy": Misspelt()}, "book: Misspelt.read_onyl is no hook of a policy, expected read_only; the name of"),
    (
        {"policy": Short()},
        (
            "book: Short.where cannot be called (too many positional arguments): found def (viewer), "
            "expected def (viewer, action)"
        ),
    ),
    (
        {"policy": Waiting()},
        "book: Waiting.hidden cannot be async: found async def (viewer), expected def (viewer)",
    ),
    (
        {"policy": OfAuthors()},
        "book: OfAuthors.read_only takes another viewer: found def (viewer: tests.library.models.Author)",
    ),
    ({"policy": OfKnown()}, "book: OfKnown.where takes another viewer: found def (viewer: tests.library.api.Viewer"),
    ({"policy": Undecided()}, "book: Undecided.where is None, expected def (viewer, action)"),
    ({"policy": Unreachable()}, "book: Unreachable.reader is <class 'tests.library.api.Viewer'>, expected a dep"),
    (
        {"create": BookCreate, "create_with": change_book},
        (
            "book: create_with cannot be called (missing a required argument: 'data'): found async def (session, "
            "viewer, item, data), expected async def (session, viewer, data)"
        ),
    ),
    (
        {"create": BookCreate, "create_with": swapped, "policy": BookPolicy()},
        (
            "book: create_with takes another viewer: found async def (session, data: tests.library.schemas.BookCreate, "
            "viewer: tests.library.api.Viewer), expected one that takes Viewer"
        ),
    ),
    (
        {"create": BookCreate, "create_with": waits_for_nothing},
        "book: create_with has to be async: found def (session, viewer, data), expected async def (session, viewer, d",
    ),
    ({"create": BookCreate, "create_with": "create_book"}, "book: create_with is 'create_book', expected async def"),
    ({"create_with": create_book}, "book: create_with is given, and no schema `create`; it is never called then"),
    ({"update": BookUpdate, "update_with": create_book}, "book: update_with cannot be called (too many positional"),
    ({"delete_with": create_book}, "book: delete_with cannot be called (missing a required argument: 'data')"),
    (
        {"update": BookWithGenres, "links": {"genres": create_book}},
        "book: links['genres'] cannot be called (missing a required argument:",
    ),
]


@pytest.mark.parametrize(("declared", "said"), REFUSED, ids=[said[:60] for _, said in REFUSED])
def test_a_resource_refuses_it_in_one_line_that_says_what_was_found_and_what_is_expected(declared, said):
    with pytest.raises(ConfigurationError) as refused:
        Resource(**({"model": Book, "read": BookRead, "policy": Open()} | declared))

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_functions_of_every_kind_are_taken_if_they_can_be_called():
    class Create:
        async def __call__(self, session, viewer, data, *, loudly=False):
            return {}

    async def create(loudly, session, viewer: object, data: "Unknown"):  # noqa: F821 - a name only type checkers know
        return {}

    async def many(*arguments):
        return {}

    for one in (Create(), Create().__call__, partial(create, True), many):
        taken = Resource(model=Book, read=BookRead, create=BookCreate, policy=WithHelpers(), create_with=one)
        assert taken.create_with is one
    taken = Resource(
        model=Book, read=BookRead, update=BookWithGenres, policy=WithHelpers(), links={"genres": find_genres}
    )
    assert taken.links == {"genres": find_genres}


def test_a_viewer_of_a_base_class_is_taken():
    class Reader(Viewer):
        pass

    class Readers(BookPolicy):
        reader = Annotated[Reader | None, Depends(lambda: None)]
        writer = Annotated[Reader, Depends(lambda: None)]

    assert Resource(model=Book, read=BookRead, policy=Readers()).router.routes


def test_a_policy_of_somebody_elses_protocol_is_taken():
    class Quiet(Policy):
        def where(self, viewer, action, /):
            return true()

    assert Resource(model=Book, read=BookRead, policy=Quiet()).router.routes


API = """
from fastapi import APIRouter
from dovetail.contrib.auth.access import UserPolicy
from dovetail.resources.resource import Resource
from plugins.blog.models import Tag
from plugins.blog.schemas import TagRead

class Policy(UserPolicy):
    def wher(self, viewer, action):
        pass

router = APIRouter()
router.include_router(Resource(model=Tag, read=TagRead, policy=Policy(), name="word").router)
"""


def test_a_plugin_with_such_a_hook_does_not_start_the_site(package, make_settings):
    package("pkg_words", plugin("words", routers="lazy('pkg_words.api:router')"), api=API)
    with pytest.raises(ConfigurationError) as refused:
        make_application(
            make_settings(plugins=("dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog", "pkg_words"))
        )

    (line,) = str(refused.value).splitlines()
    assert "words" in line
    assert "word: Policy.wher is no hook of a policy, expected where" in line
