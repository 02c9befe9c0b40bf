"""The page of one's own account: its sections, and the change of one's own password."""

import pytest
from jinja2 import DictLoader, Environment
from sqlalchemy import func, select

from dovetail.contrib.admin.account.sections import AccountSection, check_sections
from dovetail.contrib.auth import users
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.errors import ConfigurationError

NEW = "a much better passphrase"
CHANGE = "/account/password/change"


@pytest.fixture
async def eddie(make_user):
    """Somebody of the staff whom nothing is permitted."""
    return await make_user(username="eddie", full_name="Eddie", is_staff=True)


@pytest.fixture
async def desk(eddie, back_office_for):
    return await back_office_for(eddie)


async def test_every_member_of_staff_finds_their_account_in_the_menu(desk):
    assert 'href="/admin/account/"' in (await desk.get("/")).text
    page = await desk.get("/account/")
    assert page.status_code == 200
    assert "Current password" in page.text


async def test_whoever_is_no_staff_has_no_account_page(client, back_office_for, make_user):
    reader = await back_office_for(await make_user(username="reader"))
    assert (await reader.get("/account/")).headers["location"].startswith("/admin/login")
    assert (await client.get("/admin/account/")).headers["location"].startswith("/admin/login")


async def test_a_new_password_counts_ends_all_other_sessions_and_is_told_by_mail(
    desk, eddie, back_office_for, session, outbox
):
    elsewhere = await back_office_for(eddie)
    answer = await desk.post(CHANGE, {"current_password": PASSWORD, "password": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account/")
    assert "Your password was changed." in (await desk.get("/account/")).text
    assert (await elsewhere.get("/account/")).status_code == 303
    assert await session.scalar(select(func.count()).select_from(Session)) == 1
    assert [message.to for message in outbox.messages] == [eddie.email]
    assert await users.authenticate(session, "eddie", NEW)
    assert not await users.authenticate(session, "eddie", PASSWORD)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"current_password": "not it", "password": NEW}, "this is not it"),
        ({"password": NEW}, "this is not it"),
        ({"current_password": PASSWORD, "password": "eddie"}, "Nothing was changed"),
        ({"current_password": PASSWORD}, "Nothing was changed"),
    ],
)
async def test_a_wrong_or_a_weak_password_changes_nothing_and_says_so_in_the_form(desk, session, outbox, data, told):
    answer = await desk.post(CHANGE, data)
    assert answer.status_code == 422
    assert told in answer.text
    assert "is-invalid" in answer.text
    assert NEW not in answer.text
    assert await users.authenticate(session, "eddie", PASSWORD)
    assert not outbox.messages


async def test_a_password_that_comes_as_a_file_or_without_the_token_is_refused(desk, session):
    data = {"csrf_token": await desk.token(), "current_password": PASSWORD}
    files = {"password": ("password.txt", NEW.encode())}
    assert (await desk.client.post(f"/admin{CHANGE}", data=data, files=files)).status_code == 422
    assert (await desk.client.post(f"/admin{CHANGE}", data=data | {"csrf_token": "x"})).status_code == 403
    assert await users.authenticate(session, "eddie", PASSWORD)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (42, "expected an AccountSection"),
        (AccountSection(name="password", title="Again", template="some.html"), "give one of them another name"),
        (AccountSection(name="odd", title="Odd", template="nowhere.html"), "which is no template"),
        (AccountSection(name="odd", title="Odd", template="odd.html"), "which Jinja cannot read: line 2: "),
    ],
)
def test_a_section_that_cannot_be_shown_is_refused_at_start(more, told):
    templates = Environment(loader=DictLoader({"some.html": "", "odd.html": "\n{% if %}"}), autoescape=True)
    section = AccountSection(name="password", title="Password", template="some.html")
    assert check_sections([section], templates) == [section]
    with pytest.raises(ConfigurationError, match=told):
        check_sections([section, more], templates)
