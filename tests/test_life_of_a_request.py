"""docs/life-of-a-request.md tells of functions that are there, in the order in which they are entered."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from types import FrameType

import pytest

from config.settings import Settings
from dovetail.cli.main import main
from dovetail.contrib.auth.testing import ClientFor, MakeUser
from tests.docs.life import MIGRATE, PAGE, PICTURE, READ, ROADS, WRITE, Road, page, picture
from tests.running import ROOT

Trace = list[str]


@contextmanager
def traced() -> Iterator[Trace]:
    """The functions of this repository that are entered, as `module:qualified name`, each when it is entered first."""
    seen: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(ROOT)) and "site-packages" not in code.co_filename:
            module = ".".join(Path(code.co_filename).relative_to(ROOT).with_suffix("").parts)
            seen.setdefault(f"{module}:{code.co_qualname}")

    found: Trace = []
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        found += seen


def in_order(road: Road, trace: Trace) -> list[str]:
    named = {stop.function for stop in road.stops}
    return [function for function in trace if function in named]


def test_the_page_and_the_picture_are_those_that_the_script_makes():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.docs.life`"
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run `python -m tests.docs.life`"


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.title)
def test_every_function_of_the_page_is_there(road):
    assert all(callable(resolve_name(stop.function)) for stop in road.stops)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_read_and_a_write_enter_these_functions_in_this_order(make_user: MakeUser, client_for: ClientFor):
    author = await client_for(await make_user(username="ada"))
    post = (await author.post("/api/posts", json={"title": "One", "content": "x", "is_published": True})).json()
    path = f"/api/posts/{post['id']}"
    for _ in range(3):  # the first two prepare their statements
        with traced() as reading:
            assert (await author.get(path)).status_code == 200
    for title in ("Two", "Three"):
        with traced() as writing:
            assert (await author.patch(path, json={"title": title})).status_code == 200
    assert in_order(READ, reading) == [stop.function for stop in READ.stops]
    assert in_order(WRITE, writing) == [stop.function for stop in WRITE.stops]


def test_a_migration_enters_these_functions_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/site.sqlite3")
    monkeypatch.setenv("PLUGINS", json.dumps(["dovetail.contrib.throttling", "dovetail.contrib.auth"]))
    with traced() as trace:
        assert main(Settings, ["migrate"]) == 0
    assert in_order(MIGRATE, trace) == [stop.function for stop in MIGRATE.stops]
