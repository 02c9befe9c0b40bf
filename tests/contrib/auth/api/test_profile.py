import pytest

from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.helpers import NEW_PASSWORD, bearer, login, pointers, token_in, token_of


@pytest.fixture
async def ada(make_user, client_for):
    return await client_for(await make_user(username="ada", full_name="Ada", bio="Poet's daughter", is_verified=True))


async def test_me_is_the_owner_of_the_token(ada):
    me = (await ada.get("/api/users/me")).json()
    assert (me["username"], me["email"], me["bio"]) == ("ada", "ada@example.org", "Poet's daughter")
    assert "hashed_password" not in me


async def test_what_is_left_out_stays(ada):
    before = (await ada.get("/api/users/me")).json()
    after = (await ada.patch("/api/users/me", json={"bio": "Wrote the first program.\nFor no machine."})).json()
    assert after["bio"] == "Wrote the first program.\nFor no machine."
    assert after["updated_at"] >= before["updated_at"]
    assert {**after, "bio": "", "updated_at": ""} == {**before, "bio": "", "updated_at": ""}
    assert (await ada.get("/api/users/me")).json() == after


async def test_an_empty_change_changes_nothing(ada):
    before = (await ada.get("/api/users/me")).json()
    assert (await ada.patch("/api/users/me", json={})).json() == before


async def test_null_is_refused_for_every_field(ada):
    for field in ("username", "email", "full_name", "bio", "password", "current_password"):
        response = await ada.patch("/api/users/me", json={field: None})
        assert response.status_code == 422
        assert all(pointer.startswith(f"/{field}") for pointer in pointers(response))


async def test_users_cannot_give_themselves_permissions(ada):
    for field in ("is_superuser", "is_verified", "is_active", "hashed_password", "id"):
        response = await ada.patch("/api/users/me", json={field: True})
        assert (response.status_code, pointers(response)) == (422, [f"/{field}"])


async def test_the_same_address_in_another_case_stays_verified(ada, outbox):
    me = (await ada.patch("/api/users/me", json={"email": "ADA@example.org"})).json()
    assert (me["email"], me["is_verified"]) == ("ada@example.org", True)
    assert outbox.messages == []


async def test_a_name_of_somebody_else_is_a_conflict_that_changes_nothing(ada, make_user, outbox):
    await make_user(username="bob")
    change = {"full_name": "Changed", "current_password": PASSWORD, "username": "BOB"}
    response = await ada.patch("/api/users/me", json=change)
    assert (response.status_code, pointers(response)) == (409, ["/username"])
    assert (await ada.get("/api/users/me")).json()["full_name"] == "Ada"
    assert outbox.messages == []


async def test_ones_own_name_can_change_its_case(ada):
    assert (await ada.patch("/api/users/me", json={"username": "Ada"})).json()["username"] == "Ada"


async def test_a_new_password_needs_the_current_one(ada, client):
    for current in ({}, {"current_password": ""}, {"current_password": "wrong password"}):
        response = await ada.patch("/api/users/me", json={"password": NEW_PASSWORD, **current})
        assert (response.status_code, pointers(response)) == (422, ["/current_password"])
    assert (await login(client, "ada")).status_code == 200


async def test_a_new_password_ends_all_other_sessions(ada, client, outbox):
    other = await token_of(client, "ada")
    change = {"password": NEW_PASSWORD, "current_password": PASSWORD}
    assert (await ada.patch("/api/users/me", json=change)).status_code == 200
    assert (await ada.get("/api/users/me")).status_code == 200
    assert (await client.get("/api/users/me", headers=bearer(other))).status_code == 401
    assert (await login(client, "ada")).status_code == 401
    assert (await login(client, "ada", NEW_PASSWORD)).status_code == 200
    assert [message.subject for message in outbox.messages] == ["Your password was changed"]


async def test_a_new_password_stops_a_reset_under_way(ada, client, outbox):
    await client.post("/api/auth/forgot-password", json={"email": "ada@example.org"})
    token = token_in(outbox.messages[0])
    await ada.patch("/api/users/me", json={"password": NEW_PASSWORD, "current_password": PASSWORD})
    response = await client.post("/api/auth/reset-password", json={"token": token, "password": "a stolen account"})
    assert response.status_code == 400


async def test_a_weak_new_password_is_refused_also_if_it_resembles_the_new_name(ada, client):
    for change in ({"password": "12345678901"}, {"username": "lovelace", "password": "lovelace1"}):
        response = await ada.patch("/api/users/me", json=change | {"current_password": PASSWORD})
        assert (response.status_code, set(pointers(response))) == (422, {"/password"})
    assert (await login(client, "ada")).status_code == 200


async def test_reading_oneself_costs_two_statements_and_changing_oneself_one_update(
    ada, count_statements, database_kind
):
    with count_statements() as seen:
        await ada.get("/api/users/me")
    assert len(seen) == 2  # who asks, and which address waits to be proven
    with count_statements() as seen:
        await ada.patch("/api/users/me", json={"full_name": "Ada King"})
    assert [statement.split()[0] for statement in seen] == [
        "SELECT",
        "SELECT",
        "SAVEPOINT",
        *(["INSERT", "UPDATE"] if database_kind == "sqlite" else ["WITH", "UPDATE"]),  # the line of the history before
        "RELEASE",
        "SELECT",
    ]
