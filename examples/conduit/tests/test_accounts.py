"""Accounts and profiles, on SQLite and on PostgreSQL."""

import httpx

from tests.conftest import PASSWORD, Join

ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
NOBODY = [("GET", "/api/user"), ("PUT", "/api/user"), ("POST", "/api/profiles/x/follow")]


async def test_somebody_registers_logs_in_and_changes_their_account(client: httpx.AsyncClient) -> None:
    made = await client.post("/api/users", json={"user": ADA})
    assert made.status_code == 201
    user = made.json()["user"]
    assert user | {"token": ""} == {"username": "ada", "email": ADA["email"], "bio": None, "image": None, "token": ""}

    again = await client.post("/api/users/login", json={"user": {"email": ADA["email"], "password": PASSWORD}})
    assert again.status_code == 200
    token = {"Authorization": f"Token {again.json()['user']['token']}"}
    assert (await client.get("/api/user", headers=token)).json() == again.json()

    changes = {
        "bio": "I count.",
        "image": "https://example.org/a.png",
        "username": "lovelace",
        "password": "longer than that",
    }
    changed = await client.put("/api/user", headers=token, json={"user": changes})
    assert changed.status_code == 200, changed.text
    assert changed.json()["user"]["bio"] == "I count."
    assert (await client.get("/api/user", headers=token)).json() == changed.json()
    moved = await client.put("/api/user", headers=token, json={"user": {"email": "al@example.org", "bio": ""}})
    assert (moved.json()["user"]["email"], moved.json()["user"]["bio"]) == ("al@example.org", None)
    new = {"email": "al@example.org", "password": "longer than that"}
    assert (await client.post("/api/users/login", json={"user": new})).status_code == 200


async def test_what_is_blank_left_out_or_taken_is_named(client: httpx.AsyncClient) -> None:
    async def refused(status: int, path: str, user: dict[str, str], field: str, said: str) -> None:
        answer = await client.post(path, json={"user": user})
        assert (answer.status_code, answer.json()) == (status, {"errors": {field: [said]}})

    for field in ADA:
        await refused(422, "/api/users", ADA | {field: ""}, field, "can't be blank")
        await refused(422, "/api/users", {name: ADA[name] for name in ADA if name != field}, field, "can't be blank")
    for field in ("email", "password"):
        login = {"email": ADA["email"], "password": PASSWORD, field: ""}
        await refused(422, "/api/users/login", login, field, "can't be blank")
    assert (await client.post("/api/users", json={"user": ADA})).status_code == 201
    for field in ("username", "email"):
        other = {"username": "bob", "email": "bob@example.org", "password": PASSWORD} | {field: ADA[field]}
        await refused(409, "/api/users", other, field, "has already been taken")


async def test_a_name_and_an_address_are_changed_and_never_emptied(join: Join) -> None:
    ada = await join("ada")
    await join("bob")
    for field in ("username", "email", "password"):
        for value, said in (("", "can't be blank"), (None, None)):
            emptied = await ada.put("/api/user", json={"user": {field: value}})
            assert (emptied.status_code, list(emptied.json()["errors"])) == (422, [field])
            assert said is None or emptied.json() == {"errors": {field: [said]}}
    for field, taken in (("username", "bob"), ("email", "bob@example.org")):
        refused = await ada.put("/api/user", json={"user": {field: taken}})
        assert (refused.status_code, refused.json()) == (409, {"errors": {field: ["has already been taken"]}})
    for field in ("bio", "image"):
        for empty in ("", None):
            assert (await ada.put("/api/user", json={"user": {field: "x"}})).json()["user"][field] == "x"
            assert (await ada.put("/api/user", json={"user": {field: empty}})).json()["user"][field] is None
    assert (await ada.get("/api/user")).json()["user"]["username"] == "ada"


async def test_who_is_unknown_or_wrong_is_told_so(client: httpx.AsyncClient) -> None:
    for method, url in NOBODY:
        missing = await client.request(method, url, json={"user": {"bio": "x"}})
        assert (missing.status_code, missing.json()) == (401, {"errors": {"token": ["is missing"]}})
    invalid = await client.get("/api/user", headers={"Authorization": "Token nonsense"})
    assert (invalid.status_code, invalid.json()) == (401, {"errors": {"token": ["is invalid"]}})
    wrong = await client.post("/api/users/login", json={"user": {"email": ADA["email"], "password": "wrong"}})
    assert (wrong.status_code, wrong.json()) == (401, {"errors": {"credentials": ["invalid"]}})


async def test_profiles_are_followed_and_no_more(client: httpx.AsyncClient, join: Join) -> None:
    ada, grace = await join("ada"), await join("grace")
    await grace.put("/api/user", json={"user": {"bio": "I compile.", "image": "g.png"}})
    seen = {"username": "grace", "bio": "I compile.", "image": "g.png", "following": False}
    assert (await client.get("/api/profiles/grace")).json() == {"profile": seen}

    for _ in range(2):
        followed = await ada.post("/api/profiles/grace/follow")
        assert (followed.status_code, followed.json()) == (200, {"profile": seen | {"following": True}})
    assert (await ada.get("/api/profiles/grace")).json()["profile"]["following"]
    assert not (await grace.get("/api/profiles/grace")).json()["profile"]["following"]
    assert (await ada.delete("/api/profiles/grace/follow")).json() == {"profile": seen}

    for method, url in (("GET", ""), ("POST", "/follow"), ("DELETE", "/follow")):
        unknown = await ada.request(method, f"/api/profiles/nobody{url}")
        assert (unknown.status_code, unknown.json()) == (404, {"errors": {"profile": ["not found"]}})
