"""Tokens for programs, on the page of one's account: made, shown once, and revoked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from tests.contrib.auth.helpers import bearer

MAKE, REVOKE = "/account/tokens/make", "/account/tokens/revoke"
SCOPED = {"name": "<b>ci", "days": "30", "scopes": "blog.view_post"}
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])  # nothing here asks one or the other for more


async def rows(session):
    found = (await session.scalars(select(PersonalToken).execution_options(populate_existing=True))).all()
    await session.commit()
    return found


async def test_a_token_is_shown_once_and_works(office, client, session):
    made = await office.post(MAKE, SCOPED)
    token = re.search(r"dvt_[0-9A-Za-z]{49}", made.text)[0]
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    assert (await client.get("/api/posts", headers=bearer(token))).status_code == 200
    assert (await client.get("/api/users", headers=bearer(token))).status_code == 403
    page = (await office.get("/account/")).text
    assert token not in page
    assert f"{token[:8]}…" in page
    assert "&lt;b&gt;ci" in page
    (row,) = await rows(session)
    assert (await office.post(REVOKE, {"token": str(row.id)})).status_code == 303
    assert (await client.get("/api/posts", headers=bearer(token))).status_code == 401
    for key in (str(row.id), "", "x", "9" * 30):
        assert (await office.post(REVOKE, {"token": key})).status_code == 404


async def test_its_owner_is_told_by_mail(office, session, outbox):
    await office.post(MAKE, SCOPED)
    (row,) = await rows(session)
    await office.post(REVOKE, {"token": str(row.id)})
    told = [message.body for message in outbox.messages]
    assert ["was made for your account: <b>ci." in told[0], "was revoked." in told[1]] == [True, True]


async def test_all_that_one_may_has_to_be_chosen(office, client, session):
    for form in ({"scopes": []}, {"unlimited": "yes"}):
        answer = await office.post(MAKE, SCOPED | form)
        assert (answer.status_code, "or let it do all that you may" in answer.text) == (422, True)
        assert 'name="name" value="&lt;b&gt;ci"' in answer.text  # as it was typed
        assert ('<option value="blog.view_post" selected>' in answer.text) == ("unlimited" in form)
    assert await rows(session) == []
    made = await office.post(MAKE, {"name": "all", "days": "1", "unlimited": "yes"})
    token = re.search(r"dvt_[0-9A-Za-z]{49}", made.text)[0]
    assert (await client.get("/api/users", headers=bearer(token))).status_code == 200


async def test_a_wrong_name_time_or_scope_is_told_beside_the_field(office, session):
    for form in ({"days": "367"}, {"days": "0"}, {"days": "x"}, {"name": " "}, {"scopes": "blog.fly"}):
        answer = await office.post(MAKE, SCOPED | form)
        assert (answer.status_code, "invalid-feedback" in answer.text) == (422, True), form
    assert await rows(session) == []


async def test_one_is_offered_what_one_may_do_oneself(back_office_for, make_user, session):
    clerk = await make_user(username="clerk", is_staff=True)
    await grant(session, clerk, ["blog.view_tag"])
    await session.commit()
    page = (await (await back_office_for(clerk)).get("/account/")).text
    offered = page[page.index('name="scopes"') :].partition("</select>")[0]
    assert re.findall(r"<option value=\"(.*?)\">(.*?)</option>", offered) == [
        ("blog.view_tag", "Can view tag (blog.view_tag)")
    ]


async def test_making_and_revoking_take_a_recent_proof(office, session):
    await office.post(MAKE, SCOPED)
    (row,) = await rows(session)
    await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(hours=1)))
    await session.commit()
    token = await office.token()
    referer = {"Referer": "http://testserver/admin/account/"}
    for path, form in ((MAKE, SCOPED), (REVOKE, {"token": str(row.id)})):
        sent = await office.client.post(f"/admin{path}", data={"csrf_token": token, **form}, headers=referer)
        assert sent.headers.get("location", "").startswith("/admin/prove")
    assert len(await rows(session)) == 1
