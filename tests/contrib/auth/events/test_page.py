"""The pages of security events and of outgoing mail, for superusers."""

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.mail.models import OutgoingMail
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant

EVENTS, MAIL = "/auth/securityevent", "/auth/outgoingmail"


@pytest.fixture
async def office(database, make_user, back_office_for):
    boss, ada = await make_user(username="boss", is_superuser=True), await make_user(username="ada")
    async with database.unit_of_work() as session:
        await record(session, EventKind.TOKEN_MADE, user=ada, actor=boss, detail="the token 'ci'")
        await record(session, EventKind.FACTOR_ADDED, user=boss, detail="a passkey")
        session.add(
            OutgoingMail(kind="message", to="x@example.org", subject="Lost", body="inside", due_at=None, error="550")
        )
    office = await back_office_for(boss)
    office.ada = ada
    return office


async def test_superusers_find_events_by_kind_user_address_and_time(office):
    everything = (await office.get(f"{EVENTS}/")).text
    assert "the token &#39;ci&#39;" in everything
    assert "a passkey" in everything
    for filters, found in (
        ({"kind": "token_made"}, True),
        ({"kind": "factor_added"}, False),
        ({"user": str(office.ada.id)}, True),
        ({"actor": str(office.ada.id)}, False),
        ({"address_op": "equals", "address": "192.0.2.1"}, False),
        ({"created_at_op": "greater_than", "created_at": "2999-01-01"}, False),
        ({"created_at_op": "less_than", "created_at": "2999-01-01"}, True),
    ):
        page = await office.get(f"{EVENTS}/", **filters)
        assert page.status_code == 200
        assert ("the token &#39;ci&#39;" in page.text) == found, filters


async def test_events_are_read_only_and_the_text_of_mail_is_not_shown(office):
    for path in ("add/", "1/change/", "1/delete/"):
        assert (await office.get(f"{EVENTS}/{path}")).status_code in {403, 404}
    page = (await office.get(f"{MAIL}/")).text
    assert "Lost" in page
    assert "550" in page
    assert "inside" not in page + (await office.get(f"{MAIL}/1/")).text


async def test_others_see_neither_page_whatever_they_are_permitted(database, make_user, back_office_for):
    eddie = await make_user(username="eddie", is_staff=True)
    async with database.unit_of_work() as session:
        await grant(session, eddie, list(await session.scalars(select(Permission.name))))
    office = await back_office_for(eddie)
    for page in (EVENTS, MAIL):
        assert (await office.get(f"{page}/")).status_code == 403
        assert (await office.get(f"{page}/export/csv/")).status_code == 403
    assert "auth/securityevent" not in (await office.get("/")).text
