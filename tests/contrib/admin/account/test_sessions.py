"""Where one is logged in: seen on the page of one's account, and ended there after the password was given again."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.testing import PASSWORD, new_token

REFERER = {"Referer": f"{ORIGIN}/admin/account/"}


async def count(session, user):
    found = await session.scalar(select(func.count()).select_from(Session).where(Session.user_id == user.id))
    await session.commit()  # on SQLite nobody else could write
    return found


@pytest.fixture
async def others(office, boss, session):
    """Two more sessions of the boss."""
    for _ in range(2):
        await new_token(session, boss.id)
    await session.execute(update(Session).where(Session.id == 2).values(user_agent="<b>Phone", address="203.0.113.7"))
    await session.commit()


async def test_they_are_shown_with_where_they_are_and_without_a_word_of_html(office, others):
    page = (await office.get("/account/")).text
    assert page.count("This one") == 1
    assert sorted(re.findall(r'<td data-label="Where">(API|Back office)', page)) == ["API", "API", "Back office"]
    assert "&lt;b&gt;Phone" in page
    assert "203.0.113.7" in page


async def test_a_browser_is_called_by_its_name_and_the_whole_stands_behind_it(office, others, session):
    whole = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    await session.execute(update(Session).where(Session.id == 2).values(user_agent=whole))
    await session.commit()
    for language, words in (("en", "Firefox on Windows"), ("de", "Firefox unter Windows")):
        office.client.headers["Accept-Language"] = language
        assert f'<span title="{whole}">{words}</span>' in (await office.get("/account/")).text


async def test_one_or_all_others_are_ended(office, others, session, boss):
    answer = await office.post("/account/sessions/end", {"session": "2"})
    assert (answer.status_code, await count(session, boss)) == (303, 2)
    again = await office.post("/account/sessions/end", {"session": "2"})
    assert (again.status_code, "This session is over already." in again.text) == (404, True)
    for key in ("", "x", "9" * 30, "²"):
        assert (await office.post("/account/sessions/end", {"session": key})).status_code == 404
    await office.post("/account/sessions/end-others", {})
    assert await count(session, boss) == 1
    assert "Log out everywhere else" not in (await office.get("/account/")).text


async def test_a_button_that_prepares_nothing_looks_its_user_up_once(office, others, count_statements):
    data = {"csrf_token": await office.token(), "session": "2"}
    with count_statements() as statements:
        sent = await office.client.post("/admin/account/sessions/end", data=data, headers=REFERER)
    assert sent.status_code == 303
    assert len([one for one in statements if "auth_session.rights" in one and "FROM auth_user" in one]) == 1


async def test_without_a_recent_proof_the_password_is_asked_for_and_one_comes_back(office, others, session, boss):
    await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(hours=1)))
    await session.commit()
    token = await office.token()
    for button in ("end", "end-others"):
        sent = await office.client.post(
            f"/admin/account/sessions/{button}", data={"csrf_token": token, "session": "2"}, headers=REFERER
        )
        assert (sent.status_code, sent.headers["location"]) == (303, "/admin/prove?next=%2Fadmin%2Faccount%2F")
    assert await count(session, boss) == 3
    page = await office.client.get(sent.headers["location"])
    assert "Show that it is still you" in page.text
    data = {**read_form(page.text), "password": PASSWORD}
    back = await office.client.post(sent.headers["location"], data=data)
    assert back.headers["location"] == "/admin/account/"
    await office.post("/account/sessions/end-others", {})
    assert await count(session, boss) == 1


async def test_staff_with_the_permission_end_the_sessions_of_chosen_users(
    office, make_user, back_office_for, session, boss
):
    eddie, ada = await make_user(username="eddie", is_staff=True), await make_user(username="ada")
    await new_token(session, ada.id)
    await new_token(session, boss.id)
    await session.commit()
    of_eddie = await back_office_for(eddie)
    pks = {"pks": [str(one.id) for one in (ada, boss)], "confirmed": "yes"}
    assert (await of_eddie.post("/auth/user/action/end-sessions/", pks)).status_code == 403
    names = ["auth.view_user", "auth.change_user", "auth.delete_session"]
    await grant(session, await session.get_one(User, eddie.id), names)
    await session.commit()
    assert (await of_eddie.post("/auth/user/action/end-sessions/", pks)).status_code == 403  # of the boss
    assert await count(session, ada) == 1
    assert (await office.post("/auth/user/action/end-sessions/", pks)).status_code == 303
    assert (await count(session, ada), await count(session, boss)) == (0, 1)
    assert "The sessions of 2 users were ended." in (await office.get("/auth/user/")).text


async def test_who_has_no_password_yet_chooses_one_after_a_recent_login(make_user, back_office_for, session):
    user = await make_user(username="key", is_staff=True, hashed_password="!")
    office = await back_office_for(user)
    assert 'name="current_password"' not in (await office.get("/account/")).text
    await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(hours=1)))
    await session.commit()
    new = {"password": "a long pass phrase 17"}
    away = await office.post("/account/password/change", new)
    assert away.headers["location"].startswith("/admin/prove?next=")
    assert "log out, and log in again" in (await office.client.get(away.headers["location"])).text
    await session.execute(update(Session).values(proved_at=datetime.now(UTC)))
    await session.commit()
    assert (await office.post("/account/password/change", new)).status_code == 303
    assert 'name="current_password"' in (await office.get("/account/")).text
