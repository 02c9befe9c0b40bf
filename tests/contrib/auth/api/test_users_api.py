import pytest
from sqlalchemy import func, select

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from plugins.blog.models import Post
from tests.contrib.auth.helpers import ADA, NEW_PASSWORD, login, pointers, token_in


@pytest.fixture
async def boss(make_user, client_for):
    user = await make_user(username="boss", is_superuser=True)
    client = await client_for(user)
    client.user = user
    return client


async def test_only_staff_reach_the_users(client, make_user, client_for):
    user = await make_user(username="ada")
    ada = await client_for(user)
    for method, path in (
        ("GET", "/api/users"),
        ("POST", "/api/users"),
        ("GET", f"/api/users/{user.id}"),
        ("PATCH", f"/api/users/{user.id}"),
        ("DELETE", f"/api/users/{user.id}"),
    ):
        body = {"json": {"username": "x", "email": "x@example.org"}} if method in {"POST", "PATCH"} else {}
        assert (await client.request(method, path, **body)).status_code == 401
        assert (await ada.request(method, path, **body)).status_code == 403


async def test_the_list_is_paged_filtered_searched_and_ordered(boss, make_user):
    await make_user(username="ada", full_name="Ada Lovelace")
    await make_user(username="gone", is_active=False, is_verified=True)

    async def names(query):
        response = await boss.get(f"/api/users?{query}")
        assert response.status_code == 200, response.text
        return [user["username"] for user in response.json()["items"]]

    assert await names("") == ["boss", "ada", "gone"]
    assert await names("ordering=-username") == ["gone", "boss", "ada"]
    assert await names("is_active=false") == ["gone"]
    assert await names("is_superuser=true") == ["boss"]
    assert await names("is_verified=true&is_active=true") == []
    assert await names("search=LOVE") == ["ada"]
    assert await names("search=%25") == []
    page = (await boss.get("/api/users?limit=2&count=true")).json()
    assert (len(page["items"]), page["total"]) == (2, 3)
    assert (await boss.get(page["next"])).json()["items"][0]["username"] == "gone"
    assert "argon2" not in str(page)


async def test_an_unknown_parameter_is_refused(boss):
    for query in ("hashed_password=x", "ordering=hashed_password", "limit=0", "limit=101", "offset=-1"):
        assert (await boss.get(f"/api/users?{query}")).status_code == 422


async def test_a_list_costs_two_statements_however_long_it_is(boss, make_user, count_statements):
    for _ in range(5):
        await make_user()
    with count_statements() as seen:
        assert len((await boss.get("/api/users")).json()["items"]) == 6
    assert len(seen) == 2  # who is asking, and the list


async def test_staff_make_a_user_who_chooses_the_password(boss, client, outbox):
    new = {"username": "ada", "email": "ada@example.org", "bio": "Countess"}
    refused = await boss.post("/api/users", json=ADA)
    assert (refused.status_code, pointers(refused)) == (422, ["/password"])
    response = await boss.post("/api/users", json=new)
    assert response.status_code == 201
    assert (response.json()["is_verified"], response.json()["bio"]) == (False, "Countess")
    assert (await boss.post("/api/users", json=new)).status_code == 409
    (message,) = outbox.messages
    answer = await client.post("/api/auth/reset-password", json={"token": token_in(message), "password": NEW_PASSWORD})
    assert answer.status_code == 204
    assert (await login(client, "ada@example.org", NEW_PASSWORD)).status_code == 200  # the address is proved, too


async def test_one_user_is_read_and_an_unknown_one_is_not_found(boss):
    assert (await boss.get(f"/api/users/{boss.user.id}")).json()["username"] == "boss"
    assert (await boss.get("/api/users/999999")).status_code == 404
    for strange in ("0", "-1", "x", "99999999999999999999"):
        assert (await boss.get(f"/api/users/{strange}")).status_code == 422


async def test_staff_change_a_user_and_leave_out_what_stays(boss, make_user):
    user = await make_user(username="ada", full_name="Ada", is_verified=True)
    changed = (await boss.patch(f"/api/users/{user.id}", json={"is_superuser": True})).json()
    assert (changed["is_superuser"], changed["full_name"], changed["is_verified"]) == (True, "Ada", True)
    changed = (await boss.patch(f"/api/users/{user.id}", json={"email": "new@example.org"})).json()
    assert (changed["email"], changed["is_verified"]) == ("ada@example.org", True)  # until somebody there confirms it
    changed = (await boss.patch(f"/api/users/{user.id}", json={"email": "b@example.org", "is_verified": True})).json()
    assert (changed["email"], changed["is_verified"]) == ("b@example.org", True)


async def test_null_and_things_that_are_no_flag_are_refused(boss, make_user):
    user = await make_user()
    for field in ("username", "email", "full_name", "bio", "password", "is_active", "is_verified", "is_superuser"):
        assert (await boss.patch(f"/api/users/{user.id}", json={field: None})).status_code == 422
    assert (await boss.patch(f"/api/users/{user.id}", json={"is_active": "no"})).status_code == 422


async def test_a_deactivated_user_is_out_at_once_and_does_not_come_back_with_the_old_token(
    boss, make_user, client_for, session
):
    user = await make_user(username="ada")
    ada = await client_for(user)
    assert (await boss.patch(f"/api/users/{user.id}", json={"is_active": False})).status_code == 200
    assert (await ada.get("/api/users/me")).status_code == 401
    assert (await boss.patch(f"/api/users/{user.id}", json={"is_active": True})).status_code == 200
    assert (await ada.get("/api/users/me")).status_code == 401


async def test_staff_start_a_reset_and_choose_nobodys_password(  # noqa: PLR0917 - fixtures
    boss, client, make_user, client_for, outbox, session
):
    user, gone = await make_user(username="ada"), await make_user(username="gone", is_active=False)
    ada = await client_for(user)
    response = await boss.patch(f"/api/users/{user.id}", json={"password": NEW_PASSWORD})
    assert (response.status_code, pointers(response)) == (422, ["/password"])
    assert (await boss.post(f"/api/users/{user.id}/reset-password")).status_code == 202
    assert (await ada.get("/api/users/me")).status_code == 200
    new = {"token": token_in(outbox.messages[0]), "password": NEW_PASSWORD}
    assert (await client.post("/api/auth/reset-password", json=new)).status_code == 204
    assert (await ada.get("/api/users/me")).status_code == 401
    assert (await login(client, "ada", NEW_PASSWORD)).status_code == 200
    for key, status in ((gone.id, 409), (999_999, 404)):
        assert (await boss.post(f"/api/users/{key}/reset-password")).status_code == status
    started = await session.scalar(select(SecurityEvent).where(SecurityEvent.kind == EventKind.RESET_STARTED))
    assert (started.username, started.actor_name) == ("ada", "boss")


async def test_nobody_locks_themselves_out(boss):
    path = f"/api/users/{boss.user.id}"
    for change in ({"is_active": False}, {"is_superuser": False}):
        assert (await boss.patch(path, json=change)).status_code == 409
    assert (await boss.delete(path)).status_code == 409
    assert (await boss.patch(path, json={"is_active": True, "bio": "In charge"})).status_code == 200


async def test_deleting_a_user_deletes_their_tokens_and_posts(boss, make_user, client_for, session):
    user = await make_user(username="ada")
    ada = await client_for(user)
    session.add(Post(title="Notes", content="On the Analytical Engine", author_id=user.id))
    await session.commit()
    assert (await boss.delete(f"/api/users/{user.id}")).status_code == 204
    assert (await ada.get("/api/users/me")).status_code == 401
    assert (await boss.get(f"/api/users/{user.id}")).status_code == 404
    assert await session.scalar(select(func.count()).select_from(Post)) == 0
    assert await session.scalar(select(func.count()).select_from(Session)) == 1
    assert await session.scalar(select(func.count()).select_from(User)) == 1
