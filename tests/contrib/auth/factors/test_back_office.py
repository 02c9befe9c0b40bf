"""Passkeys at the door of the back office, with an authenticator in Python."""

import json

from sqlalchemy import select

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.events.models import EventKind, SecurityEvent

HEADERS = {"Origin": ORIGIN}


async def test_staff_enter_by_a_passkey_alone_and_whoever_is_no_staff_or_has_none_does_not(
    client, with_passkey, session
):
    ada, eve = await with_passkey("ada", is_staff=True), await with_passkey("eve")

    async def enter(holder, target: str = "", **broken):
        page = await client.get("/admin/login")
        token = {"csrf_token": read_form(page.text)["csrf_token"]}
        asked = await client.post("/admin/login/passkey-options", data=token, headers=HEADERS)
        passkey = json.dumps({**holder.authenticator.get(asked.json()), **broken})
        return await client.post(f"/admin/login/passkey{target}", data={**token, "passkey": passkey}, headers=HEADERS)

    for answer in (await enter(eve), await enter(ada, id="AAAA", rawId="AAAA")):
        assert answer.status_code == 401
        assert "This passkey does not open the back office." in answer.text
        assert (await client.get("/admin/")).status_code == 303
    entered = await enter(ada, "?next=/admin/account/")
    assert (entered.status_code, entered.headers["location"]) == (303, "/admin/account/")
    assert (await client.get("/admin/")).status_code == 200
    [failed] = await session.scalars(select(SecurityEvent).where(SecurityEvent.kind == EventKind.LOGIN_FAILED))
    assert (failed.username, failed.detail) == ("eve", "no staff")
