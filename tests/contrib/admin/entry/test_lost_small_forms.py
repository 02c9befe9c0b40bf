"""What was typed into the small forms of lists and of one's account is there again, if it could not be saved."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.admin.models import KeptForm, SavedView
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.factors.models import Totp
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from tests.contrib.admin.conftest import More
from tests.contrib.admin.depot.models import DepotBase

LIST = "/depot/parcels/"
VIEW, COLUMNS = f"{LIST}views/?stage=waiting", f"{LIST}columns/?stage=waiting"
NOT_YET = "This is what you had typed. Nothing was"
TOKEN = {"name": "For <the> shop", "days": "17", "scopes": ["blog.view_post"], "password": "secret"}


@pytest.fixture
def more() -> More:
    return {"tests.contrib.admin.depot": DepotBase}


async def count(session, model) -> int:
    return await session.scalar(select(func.count()).select_from(model))


async def test_the_name_of_a_view_comes_back_after_the_login_and_after_a_refusal(office, session, send_late):
    typed = {"name": "To do", "is_shared": "1", "do": "save"}
    back = await send_late(VIEW, typed)
    assert back.startswith(f"{LIST}?stage=waiting&kept=")
    page = (await office.get(back)).text
    assert NOT_YET in page
    assert 'name="name" value="To do"' in page
    assert page.count('name="is_shared" value="1" checked') == 1
    assert (page.count('<details class="panel" open>'), "kept=" in page) == (1, False)
    assert await count(session, SavedView) == 0
    await session.commit()
    form = re.search(rf'action="/admin{LIST}views/.*?</form>', page, re.DOTALL)[0]
    kept = re.search(r'name="_kept" value="([^"]+)"', form)[1]
    assert (await office.post(VIEW, {**typed, "_kept": kept})).status_code == 303
    assert (await count(session, SavedView), await count(session, KeptForm)) == (1, 0)
    await session.commit()
    refused = await office.post(VIEW, {"name": "To do", "is_default": "1", "do": "save"})
    page = (await office.client.get(refused.headers["location"])).text
    assert "You have a view of this name already." in page
    assert 'name="name" value="To do"' in page
    assert page.count('name="is_default" value="1" checked') == 1


async def test_columns_come_back_as_they_were_typed(office, session, send_late):
    typed = {"show-label": "1", "place-label": "2", "width-label": "123", "place-weight": "9", "do": "save"}
    back = await send_late(COLUMNS, typed)
    for form in (typed, {**typed, "show-label": ""}):  # the second is refused: a list needs a column
        page = (await office.get(back)).text
        shown = {name: f'name="show-{name}" value="1" checked' in page for name in ("label", "weight")}
        assert shown == {"label": form is typed, "weight": False}
        for part in (NOT_YET, 'name="place-label" value="2"', 'name="width-label" value="123"', 'value="9"'):
            assert part in page
        del form["do"]
        refused = {name: value for name, value in {**form, "show-label": ""}.items() if value}
        back = (await office.post(COLUMNS, refused)).headers["location"].removeprefix("/admin")
    assert await count(session, SavedView) == 0


async def test_the_forms_of_the_account_come_back_without_secrets_and_are_sent_by_their_author(
    office, session, send_late, boss
):
    back = await send_late("/account/tokens/make", TOKEN)
    assert back.startswith("/account/?kept=")
    page = (await office.get(back)).text
    assert (NOT_YET in page, page.count("autofocus"), "secret" in page) == (True, 1, False)
    for part in ("For &lt;the&gt; shop", 'value="17"', '<option value="blog.view_post" selected>'):
        assert part in page
    await office.post("/account/tokens/make", {**read_form(page), **TOKEN})
    assert (await count(session, PersonalToken), await count(session, KeptForm)) == (1, 0)
    session.add(app := Totp(user_id=boss.id, name="Telephone", secret="x", confirmed_at=datetime.now(UTC)))
    await session.flush()
    rename = {"kind": "totp", "id": str(app.id), "name": "Old one"}
    await session.commit()
    for path, typed, part in (
        ("rename", rename, 'name="name" value="Old one"'),
        ("totp", {"name": "New one"}, 'id="totp-name" name="name" value="New one"'),
    ):
        # Who logged in long ago has to show first that it is still they.
        await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(days=1)))
        await session.commit()
        sent = await office.post(f"/account/factors/{path}", typed)
        (back,) = parse_qs(urlsplit(sent.headers["location"]).query)["next"]
        page = (await office.client.get(back)).text
        assert (NOT_YET in page, part in page) == (True, True), path
    choices = {"language": "de", "zone": "Asia/Tokyo", "theme": "dark"}
    page = (await office.get(await send_late("/account/choices/save", choices))).text
    assert 'value="de" lang="de" selected' in page
    for value in ("Asia/Tokyo", "dark"):
        assert f'value="{value}" selected' in page


async def test_the_name_of_a_factor_that_was_refused_is_shown_again_with_the_reason(office):
    refused = await office.post("/account/factors/totp", {"name": "x" * 101})
    assert refused.status_code == 422
    assert f'id="totp-name" name="name" value="{"x" * 101}"' in refused.text
    assert (NOT_YET in refused.text, refused.text.count("autofocus")) == (False, 1)
