"""The commands as processes of their own, as an operator runs them."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.users import authenticate, create_user
from tests import outside
from tests.contrib.auth.helpers import NEW_PASSWORD
from tests.running import ROOT, environment, manage

SUPERUSER = {
    "SUPERUSER_USERNAME": "Boss",
    "SUPERUSER_EMAIL": "Boss@Example.org",
    "SUPERUSER_PASSWORD": PASSWORD,
}


@pytest.fixture
def run_async(settings):
    """Run `async def function(session)` in a transaction of its own, from a test that is not async."""

    return partial(outside.run_async, settings)


def users(run_async) -> list[User]:
    async def read(session):
        return list(await session.scalars(select(User).order_by(User.id)))

    return run_async(read)


def test_noinput_makes_a_superuser_who_can_log_in(database_url, run_async):
    result = manage("createsuperuser", "--noinput", DATABASE_URL=database_url, **SUPERUSER)
    assert result.code == 0, result
    assert result.stdout == "The superuser Boss was made.\n"
    (boss,) = users(run_async)
    assert (boss.username, boss.email, boss.is_superuser, boss.is_verified) == ("Boss", "boss@example.org", True, True)

    async def log_in(session):
        return await authenticate(session, "boss", PASSWORD)

    assert run_async(log_in) is not None


def test_noinput_names_every_variable_that_is_missing(database_url):
    given = {"SUPERUSER_USERNAME": "boss"}
    error = manage("createsuperuser", "--noinput", DATABASE_URL=database_url, **given).error
    assert "SUPERUSER_EMAIL" in error
    assert "SUPERUSER_PASSWORD" in error
    assert "SUPERUSER_USERNAME" not in error


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"SUPERUSER_PASSWORD": "123456789012345"}, "common"),
        ({"SUPERUSER_PASSWORD": "Password2024!"}, "common"),
        ({"SUPERUSER_PASSWORD": "boss@example"}, "e-mail"),
        ({"SUPERUSER_PASSWORD": "7 chars"}, "too short"),
        ({"SUPERUSER_EMAIL": "nobody"}, "e-mail"),
        ({"SUPERUSER_USERNAME": "a b"}, "username"),
    ],
)
def test_a_superuser_is_validated_as_everybody_is(database_url, run_async, change, word):
    error = manage("createsuperuser", "--noinput", DATABASE_URL=database_url, **SUPERUSER | change).error
    assert word in error
    assert change.get("SUPERUSER_PASSWORD", PASSWORD) not in error
    assert users(run_async) == []


def test_a_name_that_is_taken_is_one_line(database_url, run_async):
    async def make(session):
        await create_user(session, username="boss", email="boss@example.org", password=None)

    run_async(make)
    error = manage("createsuperuser", "--noinput", DATABASE_URL=database_url, **SUPERUSER).error
    assert error in ("A user with this username already exists.", "A user with this e-mail address already exists.")


def test_if_none_makes_admin_once_and_prints_the_password_once(database_url, run_async):
    result = manage("createsuperuser", "--if-none", DATABASE_URL=database_url)
    assert result.code == 0, result
    password = re.search(r"password: (\S+)\n", result.stdout)[1]
    (admin,) = users(run_async)
    assert (admin.username, admin.email, admin.is_superuser) == ("admin", "admin@example.com", True)
    assert password not in admin.hashed_password

    async def log_in(session):
        return await authenticate(session, "admin", password)

    assert run_async(log_in) is not None
    again = manage("createsuperuser", "--if-none", DATABASE_URL=database_url)
    assert (again.code, again.stdout) == (0, "")
    assert len(users(run_async)) == 1


def test_if_none_run_by_four_at_once_makes_one_admin_and_prints_one_password(database_url, run_async):
    with ThreadPoolExecutor(4) as threads:
        run = [threads.submit(manage, "createsuperuser", "--if-none", DATABASE_URL=database_url) for _ in range(4)]
        results = [future.result() for future in run]
    assert [result.code for result in results] == [0] * 4, results
    assert len([result for result in results if "password:" in result.stdout]) == 1
    assert len(users(run_async)) == 1


def test_if_none_says_so_when_somebody_else_is_called_admin(database_url, run_async):
    async def make(session):
        await create_user(session, username="admin", email="a@example.org", password=None)

    run_async(make)
    error = manage("createsuperuser", "--if-none", DATABASE_URL=database_url).error
    assert "username" in error
    assert "no superuser" in error


def test_it_asks_at_a_terminal_and_shows_no_password(database_url, run_async):
    answers = ["", "no name", "boss", "nobody", "boss@example.org", "12345678901", "12345678901"]
    answers += [PASSWORD, "a different one", PASSWORD, PASSWORD]
    code, screen = at_a_terminal(["createsuperuser"], answers, database_url)
    assert code == 0, screen
    assert "The superuser boss was made." in screen
    assert "A username has" in screen
    assert "not an e-mail address" in screen
    assert "too short" in screen
    assert PASSWORD not in screen
    (boss,) = users(run_async)
    assert boss.is_superuser


def test_changepassword_asks_twice_and_ends_every_session(database_url, run_async):
    async def make(session):
        user = await create_user(session, username="ada", email="ada@example.org", password=PASSWORD)
        session.add(Session(user_id=user.id, token_hash="0" * 64, expires_at=datetime.now(UTC) + timedelta(hours=1)))

    run_async(make)
    code, screen = at_a_terminal(["changepassword", "ADA@example.org"], [NEW_PASSWORD, NEW_PASSWORD], database_url)
    assert code == 0, screen
    assert NEW_PASSWORD not in screen

    async def look(session):
        assert await authenticate(session, "ada", PASSWORD) is None
        tokens = (await session.scalars(select(Session))).all()
        await session.rollback()
        return tokens

    assert run_async(look) == []

    async def log_in(session):
        return await authenticate(session, "ada", NEW_PASSWORD)

    assert run_async(log_in) is not None


def test_changepassword_reads_what_is_piped_into_it_and_complains_of_nothing(database_url, run_async):
    async def make(session):
        await create_user(session, username="ada", email="ada@example.org", password=PASSWORD)

    run_async(make)
    result = manage("changepassword", "ada", stdin=f"{NEW_PASSWORD}\n{NEW_PASSWORD}\n", DATABASE_URL=database_url)
    assert (result.code, result.stderr) == (0, "")
    assert NEW_PASSWORD not in result.stdout


def test_changepassword_takes_no_password_that_can_be_guessed(database_url, run_async):
    async def make(session):
        await create_user(session, username="boss", email="boss@example.org", password=PASSWORD, is_superuser=True)

    async def log_in(session):
        return await authenticate(session, "boss", PASSWORD)

    run_async(make)
    for password, word in (("Password123", "common"), ("boss@example", "e-mail"), ("12345678901", "too short")):
        result = manage("changepassword", "boss", stdin=f"{password}\n{password}\n", DATABASE_URL=database_url)
        assert result.code != 0
        assert word in result.stderr
        assert password not in result.stdout + result.stderr
    assert run_async(log_in) is not None


def test_changepassword_of_nobody_is_one_line(database_url):
    assert manage("changepassword", "nobody", DATABASE_URL=database_url).error == "There is no user 'nobody'."


def test_without_tables_the_error_says_to_migrate(empty_database_url):
    for arguments in (["createsuperuser", "--if-none"], ["changepassword", "ada"], ["purge-expired"], ["sessions"]):
        assert "manage.py migrate" in manage(*arguments, DATABASE_URL=empty_database_url).error


def at_a_terminal(arguments: Sequence[str], answers: Sequence[str], database_url: str) -> tuple[int, str]:
    """Run `manage.py` at a terminal, give an answer whenever it asks, and return its exit code and the screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
        env=environment(DATABASE_URL=database_url), start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    screen, asked, left = "", 0, list(answers)
    while True:
        try:
            screen += os.read(ours, 4096).decode()
        except OSError:  # the other end of the terminal is closed
            break
        if screen[asked:].endswith(": ") and left:
            asked = len(screen)
            os.write(ours, left.pop(0).encode() + b"\n")
    os.close(ours)
    return process.wait(timeout=300), screen
