"""`manage.py createsuperuser --passkey`, `enrolmentlink` and `removefactors`, as an operator runs them."""

import re
from functools import partial

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.factors.models import Challenge, ChallengePurpose, Totp
from dovetail.contrib.auth.models import UNUSABLE_PASSWORD, User
from dovetail.contrib.auth.users import create_user
from tests.running import manage

GRACE = {"SUPERUSER_USERNAME": "grace", "SUPERUSER_EMAIL": "grace@example.org"}
LINK = re.compile(r"^  http://localhost:8000/admin/enrol\?token=[A-Za-z0-9_-]{43}$", re.MULTILINE)


@pytest.fixture
def database_kind():
    return "sqlite"  # nothing here is different on another database


def test_an_administrator_without_a_password_gets_a_link(database_url, run_async):
    made = manage("createsuperuser", "--noinput", "--passkey", DATABASE_URL=database_url, **GRACE)
    assert LINK.search(made.stdout), made
    again = manage("enrolmentlink", "GRACE", DATABASE_URL=database_url)
    assert LINK.search(again.stdout), again

    async def read(session):
        grace = await session.scalar(select(User))
        return grace.hashed_password, set(await session.scalars(select(Challenge.purpose)))

    assert run_async(read) == (UNUSABLE_PASSWORD, {ChallengePurpose.ENROL})


def test_there_is_a_link_for_active_staff_where_passkeys_work_and_for_nobody_else(database_url, run_async):
    async def make(session):
        await create_user(session, username="ada", email="ada@example.org", password=None)

    run_async(make)
    link = partial(manage, "enrolmentlink", DATABASE_URL=database_url)
    assert "no active staff" in link("ada").error
    assert "There is no user 'nobody'." in link("nobody").error
    assert "AUTH_PASSKEY_RP_ID is not set" in link("ada", ENVIRONMENT="production").error
    assert "this site has none" in link("ada", PLUGINS='["dovetail.contrib.throttling", "dovetail.contrib.auth"]').error


def test_the_factors_of_who_lost_them_are_removed(database_url, run_async):
    async def make(session):
        ada = await create_user(session, username="ada", email="ada@example.org", password=None)
        ada.has_second_factor = True
        session.add(Totp(user_id=ada.id, name="Telephone", secret="x", confirmed_at=ada.created_at))

    async def read(session):
        return await session.scalar(select(User.has_second_factor)), await session.scalar(select(Totp.id))

    run_async(make)
    assert manage("removefactors", "ada", DATABASE_URL=database_url).stdout.startswith(
        "1 second factor of ada removed."
    )
    assert run_async(read) == (False, None)
    assert manage("removefactors", "ada", DATABASE_URL=database_url).stdout.startswith("0 second factors")
