"""No lock and no connection is held while anybody waits for anything but the database, at any endpoint."""

import asyncio
import re
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from dovetail.application import make_application
from dovetail.cli.state import State
from dovetail.contrib.admin.testing import ORIGIN, BackOffice, read_form
from dovetail.contrib.auth.accounts import hashing, passwords
from dovetail.contrib.auth.accounts.one_time_tokens import create_one_time_token
from dovetail.contrib.auth.commands.accounts import changepassword, createsuperuser
from dovetail.contrib.auth.mail.dispatcher import MAIL_DISPATCHER
from dovetail.contrib.auth.models import TokenPurpose, User
from dovetail.contrib.auth.sessions.models import SessionKind
from dovetail.contrib.auth.testing import PASSWORD, cheap_hash, new_token
from dovetail.testing.fixtures import make_client, running
from plugins.blog.models import Post, Tag
from plugins.comments.models import Comment
from tests.contrib.admin.conftest import COOKIE
from tests.contrib.auth.helpers import NEW_PASSWORD
from tests.documented import Documented
from tests.outside import run_async
from tests.watching import Seen, watched

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")  # what is deleted is read before
HASHING = {"hash_password", "verify_password"}
VIEWS = ("auth/user", "blog/post", "blog/tag", "comments/comment")


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def boss(app, make_user, session) -> User:
    # Those who work beside the requests; tests of their own watch what they hold.
    await MAIL_DISPATCHER.get(app).close()
    del app.state.security_event_recorder
    user: User = await make_user(username="boss", is_superuser=True)
    post = Post(title="First", content="Text", author_id=user.id)
    session.add_all([post, Tag(id=1, name="python")])
    await session.flush()
    session.add(Comment(post_id=post.id, author_id=user.id, content="Well said."))
    await session.commit()
    return user


def slow_client(app: FastAPI, seen: Seen, **options) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(watched(app, seen), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, **options)


async def sent_token(session, user, purpose) -> str:
    token = await create_one_time_token(session, user, purpose, lifetime=3600, email=user.email)
    await session.commit()
    return token or ""


async def test_no_endpoint_of_the_api_holds_a_connection_while_it_waits(app, boss, make_user, session, seen):
    others = {"reset_password": "reset", "verify": "verify", "update_me": "me", "update_user": "other"}
    users = {name: await make_user(username=other) for name, other in others.items()}
    tokens = {
        "reset_password": await sent_token(session, users["reset_password"], TokenPurpose.RESET_PASSWORD),
        "verify": await sent_token(session, users["verify"], TokenPurpose.CHANGE_EMAIL),
    }
    hashing = {}
    operations = sorted(Documented(app.openapi()).operations(), key=lambda one: ORDER.index(one.method))
    for operation in operations:
        request = operation.request()
        name = operation.name
        if name in tokens:
            request["json"]["token"] = tokens[name]
        if name == "update_user":
            request["url"] = f"/api/users/{users[name].id}"
        keys = {one["name"]: name for one in operation.parameters if one["name"] == "Idempotency-Key"}
        viewer = users[name] if name == "update_me" else boss
        token = await new_token(session, viewer.id, lifetime=3600)
        await session.commit()
        seen.waits.clear()
        async with slow_client(app, seen, headers={"Authorization": f"Bearer {token}"}) as client:
            response = await client.request(**request, headers=keys)
        assert response.status_code < 500, (operation, response.text)
        hashing[name] = bool(seen.waits & HASHING)
    assert seen.offences == []
    assert seen.most_connections == 1
    assert sorted(name for name, hashes in hashing.items() if hashes) == [
        *("login", "prove_with_password", "register", "reset_password", "update_me")
    ]


@pytest.fixture
async def office(app, boss, database, seen) -> AsyncIterator[BackOffice]:
    async with database.unit_of_work() as session:
        key = await new_token(session, boss.id, kind=SessionKind.OFFICE)
    async with slow_client(app, seen, headers={"Origin": ORIGIN}, cookies={COOKIE: key}) as client:
        yield BackOffice(client)


async def test_no_page_of_the_back_office_holds_a_connection_while_it_waits(office, boss, make_user, seen):
    ada = await make_user(username="ada")
    for page in ("/", "/trash", "/history/recordedchange/"):
        assert (await office.get(page)).status_code == 200, page
    for view in VIEWS:
        for path in ("", "?search=x", "1/", "1/change/", "1/history/", "export/csv/", "lookup/?name=author&term=b"):
            assert (await office.get(f"/{view}/{path}")).status_code in {200, 400, 403}, (view, path)
    forms = {
        "/auth/user/add/": {"username": "eve", "email": "eve@example.org"},
        f"/auth/user/{ada.id}/change/": {"email": "new@example.org"},
        f"/auth/user/{boss.id}/change/": {"email": "boss@example.com", "current_password": PASSWORD},
        "/blog/tag/add/": {"name": "rust"},
        "/blog/post/1/change/": {"title": "Second"},
        "/comments/comment/1/change/": {"content": "Badly said."},
    }
    for path, changes in forms.items():
        seen.waits.clear()
        assert (await office.submit(path, changes)).status_code == 303, path
        assert bool(seen.waits & HASHING) == ("current_password" in changes)
    parts = {"csrf_token": (None, await office.token()), "name": (None, "go"), "save": (None, "list")}
    assert (await office.client.post("/admin/blog/tag/add/", files=parts)).status_code == 303  # no middleware reads it
    for path in ("/comments/comment/action/approve/", "/blog/tag/delete/"):
        assert (await office.post(path, {"pks": ["1"], "confirmed": "yes"})).status_code in {200, 303}, path
    for path in ("/blog/post/1/history/", "/trash"):
        await office.get("/")  # which takes the messages, with an Undo of their own
        latest = re.findall(r'name="change" value="(\d+)"', (await office.get(path)).text)[0]
        assert (await office.submit(path, {"change": latest})).status_code == 303, path
    assert (await office.post("/logout", {})).status_code == 303
    assert seen.offences == []
    assert seen.most_connections == 1


async def test_logging_in_to_the_back_office_holds_no_connection_while_it_hashes(app, boss, seen):
    async with slow_client(app, seen, headers={"Origin": ORIGIN}) as client:
        for password, status in (("wrong", 401), (PASSWORD, 303)):
            page = await client.get("/admin/login")
            form = {**read_form(page.text), "username": "boss", "password": password}
            assert (await client.post("/admin/login", data=form)).status_code == status
    assert seen.waits >= {"verify_password"}
    assert seen.offences == []


async def test_what_an_endpoint_holds_is_seen(app, boss, client_for, session, seen):
    from dovetail.database.session import SessionDep

    @app.get("/held")
    async def hold(session: SessionDep) -> None:
        await session.scalar(select(User.id))
        await passwords.hash_password("a password")

    async with slow_client(app, seen) as client:
        await client.get("/held")
    assert any("GET /held holds 1 connections while it waits in" in one for one in seen.offences)
    assert any("hash_password" in one for one in seen.offences)


class Gate(Argon2Hasher):
    """Hashes as cheaply as it can, once somebody opens the gate."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=16, parallelism=1)
        self.opened = threading.Event()

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - the signature is pwdlib's
        assert self.opened.wait(300)
        return super().verify(password, hash)


async def test_twelve_who_mistake_their_password_keep_nobody_else_waiting(make_settings, database_url, monkeypatch):
    """With three connections, half a minute to wait for one, and passwords that take for ever."""
    settings = make_settings(database_url=database_url, database_pool_size=3, database_pool_timeout=30)
    gate = Gate()
    monkeypatch.setattr(hashing, "hasher", PasswordHash((gate,)))
    async with running(make_application(settings)) as app, make_client(app) as client:
        names = [f"user{number}" for number in range(12)]
        people = [User(username=n, email=f"{n}@example.org", hashed_password=cheap_hash(PASSWORD)) for n in names]
        async with app.state.database.unit_of_work() as session:
            session.add_all(people)
            await session.flush()
            tokens = [await new_token(session, user.id, lifetime=3600) for user in people]

        async def change(token: str) -> int:
            body = {"password": NEW_PASSWORD, "current_password": "wrong"}
            answer = await client.patch("/api/users/me", json=body, headers={"Authorization": f"Bearer {token}"})
            return answer.status_code

        changing = [asyncio.create_task(change(token)) for token in tokens]
        await asyncio.sleep(0.1)
        try:
            headers = {"Authorization": f"Bearer {tokens[0]}"}
            for number in range(10):
                assert (await client.get("/api/posts")).status_code == 200
                assert (await client.get("/api/users/me", headers=headers)).status_code == 200
                post = {"title": f"Post {number}", "content": "Text"}
                assert (await client.post("/api/posts", json=post, headers=headers)).status_code == 201
            assert not any(task.done() for task in changing)
            assert app.state.database.engine.pool.checkedout() == 0
        finally:
            gate.opened.set()
        assert set(await asyncio.gather(*changing)) == {422}


class Writing(Argon2Hasher):
    """Hashes after it has written to the database, as somebody else does meanwhile."""

    def __init__(self, path: str) -> None:
        super().__init__(time_cost=1, memory_cost=16, parallelism=1)
        self.path = path

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with closing(sqlite3.connect(self.path, timeout=0.1)) as connection, connection:
            connection.execute("UPDATE auth_user SET bio = 'written meanwhile'")
        return super().hash(password, salt=salt)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("command", [changepassword, createsuperuser])
def test_a_command_does_not_keep_others_from_writing_while_it_hashes(settings, monkeypatch, command):
    async def make(session) -> None:
        session.add(User(username="ada", email="ada@example.org", hashed_password="!"))

    run_async(settings, make)
    monkeypatch.setattr(
        hashing, "hasher", PasswordHash((Writing(settings.database_url.get_secret_value().partition("///")[2]),))
    )
    typed = {changepassword: [], createsuperuser: ["boss", "boss@example.org"]}[command] + [NEW_PASSWORD] * 2
    monkeypatch.setattr(State, "settings", settings)  # not read from the environment
    state = State(type(settings))
    arguments = ["ada"] if command is changepassword else []
    result = CliRunner().invoke(command, arguments, input="\n".join([*typed, ""]), obj=state)
    assert result.exit_code == 0, result.output

    async def read(session) -> set[str]:
        return set(await session.scalars(select(User.bio).where(User.username == "ada")))

    assert run_async(settings, read) == {"written meanwhile"}
