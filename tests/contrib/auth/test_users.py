from dataclasses import replace

import pytest
from sqlalchemy import func, select

from dovetail.contrib.auth.accounts.store import UserStore
from dovetail.contrib.auth.events.models import SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.ending import end_all_sessions
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD, new_token
from dovetail.contrib.auth.users import (
    authenticate,
    create_user,
    end_sessions,
    get_user_by_login,
    normalize_email,
    normalize_username,
    set_password,
    update_user,
)
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConflictError, DovetailError, InvalidInputError
from dovetail.plugin import Plugin, context_of, session_info
from tests.contrib.auth.helpers import NEW_PASSWORD, hashed

ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}


async def test_services_leave_committing_to_the_caller(database):
    async with database.sessions() as session:
        user = await create_user(session, **ADA)
        assert user.id is not None
        await set_password(session, user, await hashed())
        await session.rollback()
    async with database.unit_of_work() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_after_a_conflict_the_session_goes_on(database):
    async with database.unit_of_work() as session:
        await create_user(session, **ADA, is_verified=True)
        with pytest.raises(ConflictError, match="e-mail address already exists") as caught:
            await create_user(session, **ADA | {"username": "other", "email": "ADA@example.org"})
        assert [(error.pointer, error.type) for error in caught.value.errors] == [("/email", "unique")]
        await create_user(session, **ADA | {"username": "other", "email": "other@example.org"})
    async with database.unit_of_work() as session:
        assert (await session.scalars(select(User.username).order_by(User.id))).all() == ["ada", "other"]


async def test_the_store_deletes_a_user_at_once_and_no_other(database, make_user):
    ada, bob = [await make_user(username=name) for name in ("ada", "bob")]
    async with database.unit_of_work() as session:
        store = UserStore(session)
        await store.delete(await store.get(ada.id))
        assert await store.get(ada.id) is None
        assert (await store.get(bob.id)).username == "bob"
    async with database.unit_of_work() as session:
        assert (await session.scalars(select(User.username))).all() == ["bob"]


async def test_a_user_without_a_password_cannot_log_in_until_one_is_set(database):
    async with database.unit_of_work() as session:
        user = await create_user(session, **ADA | {"password": None})
        assert user.hashed_password == "!"
    async with database.unit_of_work() as session:
        assert await authenticate(session, "ada", "!") is None
        await set_password(session, await session.get_one(User, user.id), await hashed())
    async with database.unit_of_work() as session:
        assert await authenticate(session, "ada", NEW_PASSWORD) is not None


INVALID = [{"username": "a b"}, {"email": "x"}, {"full_name": "\x00"}, {"bio": "\x1b"}, {"password": "short"}]


async def test_services_validate_as_the_api_does(session):
    for changes in INVALID:
        with pytest.raises(InvalidInputError) as caught:
            await create_user(session, **ADA | changes)
        assert caught.value.errors[0].pointer == f"/{next(iter(changes))}"


async def test_changes_are_normalised(session):
    user = await create_user(session, **ADA)
    await update_user(session, user, email="COUNTESS@Example.ORG", full_name=" Ada\u00a0 King ", username=" Ada_K ")
    assert (user.email, user.full_name, user.username) == ("countess@example.org", "Ada King", "Ada_K")
    assert await get_user_by_login(session, "countess@EXAMPLE.org") is user
    assert await get_user_by_login(session, "ada_k") is user
    assert await get_user_by_login(session, "ada") is None


async def test_each_change_of_an_account_is_recorded_as_what_it_is_and_what_stays_is_not(session):
    user = await create_user(session, **ADA)
    for changes in (
        {"username": " ada ", "email": "Ada@Example.ORG", "is_active": True, "is_staff": False, "is_verified": True},
        {"username": "countess", "is_verified": True},
        {"email": "countess@example.org", "is_verified": True},
        {"is_active": False, "is_staff": True},
        {"is_active": True, "is_superuser": True},
        {"is_staff": False, "is_superuser": False},
    ):
        await update_user(session, user, **changes)
    await session.flush()
    found = (await session.scalars(select(SecurityEvent).order_by(SecurityEvent.id))).all()
    assert {(event.user_id, event.username) for event in found} == {(user.id, "ada"), (user.id, "countess")}
    assert [(event.kind, event.detail) for event in found] == [
        ("user_created", "no staff"),
        ("email_verified", ""),
        ("username_changed", "was ada"),
        ("email_changed", ""),
        ("user_deactivated", ""),
        ("rights_changed", "staff; was no staff"),
        ("user_activated", ""),
        ("rights_changed", "staff, superuser; was staff"),
        ("rights_changed", "no staff; was staff, superuser"),
    ]


async def test_a_session_that_knows_no_plugins_refuses_to_end_sessions(settings, database):
    async with database.unit_of_work() as session:
        user = await create_user(session, **ADA)
    bare = Database(database.engine)
    with pytest.raises(DovetailError, match="knows no plugins"):
        async with bare.unit_of_work() as session:
            await end_sessions(session, await session.get_one(User, user.id))


def bring(session, extensions):
    """Let a plugin bring these to the site of a session of the database."""
    context, witness = context_of(session), Plugin(name="witness", extensions=extensions)
    session.info.update(session_info(replace(context, plugins=(*context.plugins, witness))))


async def test_plugins_end_their_own_sessions_in_the_same_transaction(database, make_user):
    user = await make_user(username="ada")
    calls: list[tuple[object, int]] = []

    async def end(session, user) -> None:
        calls.append((session, user.id))

    async with database.unit_of_work() as session:
        bring(session, {"auth.end_sessions": [end]})
        ada = await session.get_one(User, user.id)
        await update_user(session, ada, full_name="Ada")
        assert calls == []
        await set_password(session, ada, await hashed())
        await update_user(session, ada, is_active=False)
        assert calls == [(session, user.id)] * 2


async def test_plugins_end_their_own_sessions_of_everybody_in_the_same_transaction(session):
    calls: list[object] = []

    async def end(session) -> None:
        calls.append(session)

    bring(session, {"auth.end_all_sessions": [end]})
    await end_all_sessions(session)
    assert calls == [session]
    assert list(await session.scalars(select(SecurityEvent.detail))) == ["of everybody"]


async def test_ending_sessions_can_spare_one_token(database, make_user):
    user = await make_user(username="ada")
    async with database.unit_of_work() as session:
        keep, _ = [await new_token(session, user.id, lifetime=60) for _ in range(2)]
        await end_sessions(session, await session.get_one(User, user.id), keep_token=keep)
        assert await session.scalar(select(func.count()).select_from(Session)) == 1


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        (" ada@example.org ", "ada@example.org"),
        ("\uff21da@example.org", "ada@example.org"),  # a full-width A
        ("ADA@B\u00dcCHER.example", "ada@b\u00fccher.example"),
        ("ada@xn--bcher-kva.example", "ada@b\u00fccher.example"),
    ],
)
def test_an_address_is_normalised(given, stored):
    assert normalize_email(given) == stored
    assert normalize_email(stored) == stored


@pytest.mark.parametrize(
    "address", ["", "a", "a@b", "a@@example.org", "a b@example.org", "a@example.org\x00", "@x.org"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InvalidInputError, match="not an e-mail address"):
        normalize_email(address)


def test_a_username_never_looks_like_an_address():
    assert normalize_username(" Ada.K+1 ") == "Ada.K+1"
    for name in ("ada@example.org", "ada@", ".", "\u0430da", "a" * 151, ""):
        with pytest.raises(InvalidInputError, match="A username has"):
            normalize_username(name)


@pytest.mark.parametrize(("is_active", "is_superuser"), [(True, True), (True, False), (False, True), (False, False)])
def test_active_users_have_their_permissions_and_superusers_all(is_active, is_superuser):
    user = User(is_active=is_active, is_superuser=is_superuser)
    user.remember_permissions(["blog.view_post blog.add_post", None])
    assert user.has_perm("blog.add_post") is is_active
    assert user.has_perm("blog.delete_post") is (is_active and is_superuser)
    assert user.has_perms("blog.view_post", "blog.delete_post") is (is_active and is_superuser)


def test_permissions_that_were_not_loaded_are_an_error_and_not_none():
    with pytest.raises(DovetailError, match="await load_permissions"):
        User(username="ada", is_active=True, is_superuser=False).has_perm("blog.view_post")


@pytest.mark.parametrize(("given", "is_staff"), [({}, True), ({"is_staff": False}, False)])
async def test_a_superuser_is_staff_by_default(session, given, is_staff):
    user = await create_user(session, username="a", email="a@example.org", password=None, is_superuser=True, **given)
    assert user.is_staff is is_staff
