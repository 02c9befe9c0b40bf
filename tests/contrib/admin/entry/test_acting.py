"""Act as somebody else in the back office: with both names noted, and never with more rights than one's own."""

import pytest
from sqlalchemy import delete, func, select, update

from dovetail.contrib.admin.models import KeptForm
from dovetail.contrib.admin.presence.models import Presence
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions import grants
from dovetail.contrib.auth.sessions.models import Session, SessionKind
from dovetail.contrib.history.models import RecordedChange
from plugins.blog.models import Tag

ACT, USERS, START = "/auth/user/action/impersonate/", "/auth/user/", "/"
OWN = ("auth.impersonate_user", "auth.view_user", "blog.view_tag", "blog.change_tag")


@pytest.fixture
def settings(make_settings, database_url, monkeypatch):
    """The API knows the cookie, too."""
    monkeypatch.setenv("AUTH_SCHEMES", "Session,Bearer")
    return make_settings(database_url=database_url)


@pytest.fixture
async def people(make_user, session):
    """Staff who help, who do less, who do other things, and a superuser."""
    found = {name: await make_user(username=name, is_staff=True) for name in ("helper", "less", "other")}
    found["root"] = await make_user(username="root", is_superuser=True)
    await grants.grant(session, found["helper"], OWN)
    await grants.grant(session, found["less"], ("blog.view_tag", "blog.change_tag"))
    await grants.grant(session, found["other"], ("blog.view_post",))
    session.add(Tag(name="before"))
    await session.commit()
    return found


async def act(office, user) -> None:
    asked = await office.post(ACT, {"pks": [str(user.id)]})
    assert "What you do is noted with both names." in " ".join(asked.text.split())
    assert f"Act as this user: {user.username}?</h1>" in asked.text
    answer = await office.post(ACT, read_form(asked.text))
    assert answer.status_code == 303


async def test_who_acts_as_another_sees_what_they_see_and_every_change_has_both_names(people, back_office_for, session):
    office = await back_office_for(people["helper"])
    await act(office, people["less"])
    page = (await office.get(START)).text
    assert "You act as <strong>less</strong>, and are helper." in page
    acting = (await session.scalars(select(Session).where(Session.kind == SessionKind.ACTING))).one()
    own = await session.get_one(Session, acting.parent_id)
    assert (acting.user_id, own.user_id) == (people["less"].id, people["helper"].id)
    assert acting.address == "127.0.0.1"
    tag = await session.scalar(select(Tag.id))
    await session.commit()
    assert (await office.post(f"/blog/tag/{tag}/presence/", {"editing": "1"})).status_code == 200
    assert await session.scalar(select(func.count()).select_from(Presence)) == 0  # it is not they who are here
    await session.commit()
    themselves = await back_office_for(people["less"])
    assert (await themselves.post(f"/blog/tag/{tag}/presence/", {"editing": "1"})).status_code == 200
    assert (await office.post(f"/blog/tag/{tag}/presence/", {"leave": "1"})).status_code == 200
    assert await session.scalar(select(func.count()).select_from(Presence)) == 1  # nor they who have gone
    assert acting.user_agent.startswith("python-httpx")
    assert (await office.get(USERS)).status_code == 403
    tag = (await session.scalars(select(Tag))).one()
    await session.commit()
    assert (await office.submit(f"/blog/tag/{tag.id}/change/", {"name": "after"})).status_code == 303
    line = (await session.scalars(select(RecordedChange).where(RecordedChange.model == "blog.tag"))).all()[-1]
    assert line.actor_name == "less"
    assert "helper, who acts as less" in line.via
    await session.commit()
    stopped = await office.post("/acting/stop", {})
    assert stopped.status_code == 303
    assert "You act as" not in (await office.get(START)).text
    assert (await office.get(USERS)).status_code == 200
    kinds = [EventKind.IMPERSONATION_BEGUN, EventKind.IMPERSONATION_ENDED]
    events = await session.scalars(select(SecurityEvent).where(SecurityEvent.kind.in_(kinds)).order_by("id"))
    assert [(one.kind, one.username, one.actor_name) for one in events] == [(kind, "less", "helper") for kind in kinds]


async def test_nobody_acts_as_a_superuser_themselves_or_somebody_who_may_do_more(people, back_office_for, session):
    office = await back_office_for(people["helper"])
    for name, reason in (
        ("root", "root is a superuser, and you are none."),
        ("other", "other may do what you may not."),
        ("helper", "You are this user already."),
    ):
        await office.post(ACT, {"pks": [str(people[name].id)], "confirmed": "yes"})
        assert f"Nothing was done. {reason}" in (await office.get(USERS)).text
        assert "You act as" not in (await office.get(START)).text
    plain = await back_office_for(people["less"])
    assert (await plain.post(ACT, {"pks": [str(people["other"].id)], "confirmed": "yes"})).status_code == 403


async def test_the_account_of_another_is_theirs_alone_and_the_api_knows_nobody_who_acts(people, back_office_for):
    office = await back_office_for(people["root"])
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert (await office.client.get("/api/users/me", headers=headers)).json()["username"] == "root"
    await act(office, people["helper"])
    assert (await office.client.get("/api/users/me", headers=headers)).status_code == 401
    for path in ("/account/", "/prove"):
        assert (await office.get(path)).status_code == 403, path
    refused = (await office.get("/account/")).text
    assert "is theirs alone" in refused
    for page in (
        refused,
        (await office.get("/nothing/here/")).text,
        (await office.get("/auth/group/add/?_popup=1")).text,
    ):
        assert "You act as <strong>helper</strong>, and are root." in page  # with the button that stops it
    await office.post(ACT, {"pks": [str(people["less"].id)], "confirmed": "yes"})
    assert "You act as somebody else already." in (await office.get(USERS)).text
    stopped = await office.client.post("/admin/acting/stop", data=read_form(refused))
    assert stopped.status_code == 303
    assert (await office.get("/account/")).status_code == 200


async def test_who_acts_stops_as_soon_as_they_may_not_or_their_own_session_ends(people, back_office_for, session):
    office = await back_office_for(people["helper"])
    await act(office, people["less"])
    await grants.grant(session, people["less"], ("blog.view_post",))
    await session.commit()
    assert (await office.get(START)).status_code == 303  # to the login: they would gain by it
    again = await back_office_for(people["root"])
    await act(again, people["other"])
    await session.execute(delete(Session).where(Session.user_id == people["root"].id))
    await session.commit()
    assert (await session.scalars(select(Session).where(Session.user_id == people["other"].id))).all() == []
    await session.commit()
    assert (await again.get(START)).status_code == 303
    third = await back_office_for(people["root"])
    await act(third, people["other"])
    await third.post("/logout", {})
    assert (await session.scalars(select(Session).where(Session.user_id == people["root"].id))).all() == []
    await session.commit()
    fourth = await back_office_for(people["root"])
    await act(fourth, people["other"])
    await session.execute(update(User).where(User.id == people["root"].id).values(is_staff=False))
    await session.commit()
    assert (await fourth.get(START)).status_code == 303


async def test_a_draft_is_its_authors_alone_and_stays_whatever_another_does_in_their_name(
    people, back_office_for, session
):
    tag = await session.scalar(select(Tag.id))
    await session.commit()
    path, draft = f"/blog/tag/{tag}/change/", f"/blog/tag/draft/?key={tag}"
    author = await back_office_for(people["less"])
    assert (await author.post(draft, {"name": "python 2"})).status_code == 303
    assert "You have a draft" in (await author.get(path)).text
    office = await back_office_for(people["helper"])
    await act(office, people["less"])
    for page in (await office.get(path), await office.get(path, _draft="1")):
        assert not [told for told in ("You have a draft", "python 2", "data-draft-url") if told in page.text]
    for form in ({"name": "x"}, {"_discard": "1"}):
        assert (await office.post(draft, form)).status_code == 403
    assert (await office.submit(path, {"name": "after", "_draft": "1"})).status_code == 303
    assert read_form((await author.get(path, _draft="1")).text)["name"] == ["python 2"]
    page = read_form((await office.get(path)).text)
    await session.execute(delete(Session).where(Session.kind == SessionKind.ACTING))
    await session.commit()
    late = await office.client.post(f"{office.root}{path}", data={**page, "name": "typed too late"})
    assert await session.scalar(select(func.count()).select_from(KeptForm)) == 0
    await session.commit()
    assert "could not be kept" in (await office.client.get(late.headers["location"])).text


async def test_a_table_that_waits_to_be_imported_is_shown_to_who_uploaded_it_alone(people, back_office_for):
    author, office = await back_office_for(people["less"]), await back_office_for(people["helper"])
    await act(office, people["less"])
    found = []
    for uploader in (author, office):
        file = {"file": ("tags.csv", "id,name\n1,private\n")}
        form = {"csrf_token": await uploader.token()}
        answer = await uploader.client.post("/admin/blog/tag/import/", data=form, files=file)
        table = answer.headers["location"].removeprefix("/admin")
        found.append([(await one.get(table)).status_code for one in (author, office)])
    assert found == [[200, 404], [404, 200]]
