"""Personal tokens in the API: made with a recent proof, shown once, listed, revoked, and over with the account."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.sessions.token_text import PERSONAL_PREFIX, make_token_text
from dovetail.contrib.auth.sessions.use import USE_LOGS
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.tokens.current import CurrentToken, note_token_use
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.contrib.auth.tokens.personal import MAX_TOKENS, make_token
from dovetail.contrib.auth.users import set_password, update_user
from dovetail.errors import ConflictError
from tests.contrib.auth.helpers import bearer, hashed, pointers

# For what asks the database for nothing that the others do not ask it for.
ON_ONE = pytest.mark.parametrize("database_kind", ["sqlite"])
SCOPED = {"name": "ci", "scopes": ["blog.view_post", "blog.add_post"], "lifetime_days": 30}


@pytest.fixture
async def browser(ada, client_for):
    return await client_for(ada)


async def make(browser, **values):
    answer = await browser.post("/api/auth/tokens", json={**SCOPED, **values})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def row_of(session):
    row = (await session.scalars(select(PersonalToken).execution_options(populate_existing=True))).one()
    await session.commit()  # or SQLite would let nobody else write
    return row


async def test_a_token_is_shown_once_and_only_its_hash_is_kept(browser, session):
    answer = await browser.post("/api/auth/tokens", json=SCOPED)
    made, row = answer.json(), await row_of(session)
    assert made["token"].startswith("dvt_")
    assert made["hint"] == made["token"][:8]
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert made["token"] not in str(vars(row).values())
    (listed,) = (await browser.get("/api/auth/tokens")).json()["items"]
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert listed["scopes"] == ["blog.add_post", "blog.view_post"]
    lasts = datetime.fromisoformat(listed["expires_at"]) - datetime.fromisoformat(listed["created_at"])
    assert lasts == timedelta(days=30)


@ON_ONE
async def test_a_token_is_its_owner(browser, client):
    made = await make(browser, scopes=[], unlimited=True)
    assert made["scopes"] is None
    me = (await client.get("/api/users/me", headers=bearer(made["token"]))).json()
    assert me["username"] == "ada"


async def test_a_token_is_its_owners_alone_and_one_that_was_never_made_is_nobodys(
    browser, client, client_for, make_user
):
    guess = bearer(make_token_text(PERSONAL_PREFIX))
    mine = await make(browser, scopes=[], unlimited=True)
    for path in ("/api/users/me", "/api/posts"):
        assert (await client.get(path, headers=guess)).status_code == 401
    assert (await client.patch("/api/users/me", json={"bio": "x"}, headers=guess)).status_code == 401
    his = await make(await client_for(await make_user(username="bob")), scopes=[], unlimited=True)
    for token, owner in ((mine, "ada"), (his, "bob")):
        assert (await client.get("/api/users/me", headers=bearer(token["token"]))).json()["username"] == owner
        assert (await client.get("/api/posts", headers=bearer(token["token"]))).status_code == 200


@ON_ONE
async def test_a_token_without_scopes_has_to_be_requested_explicitly(browser):
    long = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 6  # 108 characters, as they are stored
    for body in ({"scopes": []}, {"unlimited": True}, {"name": long}):
        answer = await browser.post("/api/auth/tokens", json={**SCOPED, **body})
        assert answer.status_code == 422, answer.text


@ON_ONE
async def test_scopes_are_permissions_that_there_are_and_lifetimes_have_a_limit(browser, app):
    answer = await browser.post("/api/auth/tokens", json={**SCOPED, "scopes": ["blog.add_posts"]})
    assert answer.status_code == 422
    assert "blog.add_post" in answer.text
    answer = await browser.post("/api/auth/tokens", json={**SCOPED, "lifetime_days": 367})
    assert (answer.status_code, pointers(answer)) == (422, ["/lifetime_days"])


async def test_creating_and_revoking_require_a_recent_proof_that_no_token_can_give(browser, client, session):
    made = await make(browser, scopes=[], unlimited=True)
    token = bearer(made["token"])
    assert (await client.post("/api/auth/tokens", json=SCOPED, headers=token)).status_code == 403
    assert (await client.delete(f"/api/auth/tokens/{made['id']}", headers=token)).status_code == 403
    await session.execute(update(Session).values(proved_at=datetime.now(UTC) - timedelta(hours=1)))
    await session.commit()
    for answer in (
        await browser.post("/api/auth/tokens", json=SCOPED),
        await browser.delete(f"/api/auth/tokens/{made['id']}"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:dovetail:problem:proof-required")


@ON_ONE
async def test_nobody_tries_a_password_by_a_token_that_is_no_login(browser, client, hashes):
    token = bearer((await make(browser, scopes=[], unlimited=True))["token"])
    hashes.count = 0
    for path, proof in (("", {"password": PASSWORD}), ("/second-factor", {"code": "123456"}), ("/options", None)):
        answer = await client.post(f"/api/auth/prove{path}", json=proof, headers=token)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:dovetail:problem:permission-denied")
    assert hashes.count == 0


async def test_a_revoked_token_is_refused_at_the_next_request(browser, client):
    made = await make(browser)
    token = bearer(made["token"])
    assert (await client.get("/api/posts", headers=token)).status_code == 200
    assert (await browser.delete(f"/api/auth/tokens/{made['id']}")).status_code == 204
    assert (await client.get("/api/posts", headers=token)).status_code == 401
    assert (await browser.delete(f"/api/auth/tokens/{made['id']}")).status_code == 404


@ON_ONE
async def test_a_token_revokes_itself_by_logging_out(browser, client):
    made = await make(browser)
    assert (await client.post("/api/auth/logout", headers=bearer(made["token"]))).status_code == 204
    assert (await client.get("/api/posts", headers=bearer(made["token"]))).status_code == 401
    assert (await browser.get("/api/users/me")).status_code == 200


@ON_ONE
async def test_nobody_sees_or_revokes_the_tokens_of_others(browser, client_for, make_user):
    made = await make(browser)
    eve = await client_for(await make_user(username="eve"))
    assert (await eve.get("/api/auth/tokens")).json()["items"] == []
    assert (await eve.delete(f"/api/auth/tokens/{made['id']}")).status_code == 404
    assert (await browser.get("/api/auth/tokens")).json()["items"] != []


async def test_staff_see_and_revoke_the_tokens_of_others_with_the_permissions(
    browser, ada, client_for, make_user, session
):
    made = await make(browser)
    clerk = await make_user(username="clerk", is_staff=True)
    staff, path = await client_for(clerk), f"/api/users/{ada.id}/tokens"
    assert (await staff.get(path)).status_code == (await staff.delete(path)).status_code == 403
    await grant(session, clerk, ["auth.view_personaltoken", "auth.delete_personaltoken"])
    await session.commit()
    (seen,) = (await staff.get(path)).json()["items"]
    assert (seen["id"], "token" in seen) == (made["id"], False)
    assert (await staff.delete(path)).status_code == 204
    assert (await browser.get("/api/auth/tokens")).json()["items"] == []


async def test_an_expired_token_opens_nothing_and_goes_when_another_is_made(browser, client, session):
    made = await make(browser)
    await session.execute(update(PersonalToken).values(expires_at=datetime.now(UTC)))
    await session.commit()
    assert (await client.get("/api/posts", headers=bearer(made["token"]))).status_code == 401
    assert (await browser.get("/api/auth/tokens")).json()["items"] == []
    other = await make(browser)
    assert (await row_of(session)).id == other["id"]


@ON_ONE
async def test_a_user_has_no_more_than_a_hundred_tokens(ada, session):
    lasts = timedelta(days=1)
    for number in range(MAX_TOKENS):
        await make_token(session, ada, name=str(number), scopes=None, lifetime=lasts)
    with pytest.raises(ConflictError, match="revoke those"):
        await make_token(session, ada, name="one more", scopes=None, lifetime=lasts)


async def test_a_reset_and_a_deactivation_revoke_tokens_and_ones_own_change_of_the_password_does_not(ada, session):
    lasts, count = timedelta(days=1), select(PersonalToken.id)
    await make_token(session, ada, name="one", scopes=None, lifetime=lasts)
    ada = await session.merge(ada)
    await set_password(session, ada, await hashed(), keep_token="the session")
    assert len((await session.scalars(count)).all()) == 1
    await set_password(session, ada, await hashed())
    assert (await session.scalars(count)).all() == []
    await make_token(session, ada, name="two", scopes=None, lifetime=lasts)
    await update_user(session, ada, is_active=False)
    assert (await session.scalars(count)).all() == []


@ON_ONE
async def test_a_deactivated_owner_never_passes(browser, client, session, ada):
    made = await make(browser)
    (await session.merge(ada)).is_active = False  # by hand, so that the token is still there
    await session.commit()
    assert (await client.get("/api/posts", headers=bearer(made["token"]))).status_code == 401


async def test_use_is_written_down_after_the_answer_and_once_in_some_minutes(browser, client, session, app):
    made = await make(browser)
    log = USE_LOGS.get(app)[CurrentToken]
    assert (await row_of(session)).used_at is None
    await client.get("/api/posts", headers=bearer(made["token"]))
    assert (await row_of(session)).used_at is None
    await log.write()
    first = (await row_of(session)).used_at
    assert first is not None
    await client.get("/api/posts", headers=bearer(made["token"]))
    await log.write()
    assert (await row_of(session)).used_at == first


@ON_ONE
async def test_the_use_of_a_token_is_noted_of_no_other(ada, session):
    tokens = [await make_token(session, ada, name="x", scopes=None, lifetime=timedelta(days=1)) for _ in range(2)]
    await note_token_use(session, [tokens[0].row.id])
    used = await session.scalars(select(PersonalToken.id).where(PersonalToken.used_at.is_not(None)))
    assert used.all() == [tokens[0].row.id]


async def test_making_and_revoking_are_security_events_without_the_token(browser, session):
    made = await make(browser)
    await browser.delete(f"/api/auth/tokens/{made['id']}")
    kinds = (EventKind.TOKEN_MADE, EventKind.TOKEN_REVOKED)
    rows = (await session.scalars(select(SecurityEvent).where(SecurityEvent.kind.in_(kinds)))).all()
    assert sorted((row.kind, row.username) for row in rows) == sorted((kind, "ada") for kind in kinds)
    assert all("'ci'" in row.detail and made["token"] not in row.detail for row in rows)


async def test_a_permission_that_is_gone_leaves_a_token_with_fewer_scopes_not_with_none(browser, client, session):
    made = await make(browser, scopes=["blog.view_post"])
    await session.delete(await session.get_one(Permission, "blog.view_post"))
    await session.commit()
    (listed,) = (await browser.get("/api/auth/tokens")).json()["items"]
    assert listed["scopes"] == []
    assert (await client.get("/api/posts", headers=bearer(made["token"]))).status_code == 403
