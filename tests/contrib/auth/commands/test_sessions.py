"""`manage.py sessions`: who is logged in, and the end of it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.auth.users import create_user
from tests.running import manage


async def make(session):
    now = datetime.now(UTC)
    for name in ("ada", "bob"):
        user = await create_user(session, username=name, email=f"{name}@example.org", password=None)
        for kind, minutes in ((SessionKind.API, 60), (SessionKind.OFFICE, 60), (SessionKind.API, -1)):
            session.add(
                Session(
                    token_hash=f"{name} {kind} {minutes}",
                    user_id=user.id,
                    kind=kind,
                    method="password",
                    address="203.0.113.7",
                    user_agent="Mozilla/5.0 " * 10,
                    expires_at=now + timedelta(minutes=minutes),
                )
            )


async def left(session):
    rows = await session.execute(select(User.username, Session.kind).join(User, User.id == Session.user_id))
    return sorted((name, door.value) for name, door in rows)


def test_sessions_are_listed_for_all_users_or_one(database_url, run_async):
    assert manage("sessions", DATABASE_URL=database_url).stdout == "There are no sessions.\n"
    run_async(make)
    titles, *rows = manage("sessions", DATABASE_URL=database_url).stdout.splitlines()
    assert titles.split() == ["ID", "USER", "DOOR", "METHOD", "LAST", "USED", "EXPIRES", "ADDRESS", "CLIENT"]
    assert sorted(tuple(row.split()[1:4]) for row in rows) == [
        (name, door, "password") for name in ("ada", "bob") for door in ("api", "office")
    ]
    assert "203.0.113.7  Mozilla/5.0 Mozilla/5.0 Mozilla/5.0 Mozi…" in rows[0]
    of_ada = manage("sessions", "ADA@example.org", DATABASE_URL=database_url).stdout.splitlines()[1:]
    assert {row.split()[1] for row in of_ada} == {"ada"}


def test_only_the_sessions_of_the_named_user_are_ended(database_url, run_async):
    run_async(make)
    ended = manage("sessions", "ada", "--end", DATABASE_URL=database_url)
    assert ended.stdout == "All sessions of ada were ended.\n"
    assert {name for name, _ in run_async(left)} == {"bob"}


def test_all_sessions_are_ended_after_confirmation(database_url, run_async):
    run_async(make)
    refused = manage("sessions", "--end-all", stdin="n\n", DATABASE_URL=database_url)
    assert refused.code == 130
    assert len(run_async(left)) == 6
    assert "6 sessions ended." in manage("sessions", "--end-all", stdin="y\n", DATABASE_URL=database_url).stdout
    assert run_async(left) == []
    assert manage("sessions", "--end-all", "--noinput", DATABASE_URL=database_url).stdout == "0 sessions ended.\n"


def test_invalid_arguments_are_reported_in_one_line(database_url):
    for arguments, words in (
        (["ada", "--end-all"], "leave out USER and --end"),
        (["--end"], "--end needs a user"),
        (["nobody"], "There is no user 'nobody'."),
        (["nobody", "--end"], "There is no user 'nobody'."),
    ):
        assert words in manage("sessions", *arguments, DATABASE_URL=database_url).error
