from project.contrib.auth.testing import PASSWORD


async def test_flow(client, make_user, client_for, outbox):
    r = await client.post(
        "/api/auth/register", json={"username": "ada", "email": "Ada@Example.org", "password": "one two three four"}
    )
    assert r.status_code == 201, r.text
    r = await client.post("/api/auth/login", data={"username": "ADA@example.org", "password": "one two three four"})
    assert r.status_code == 200, r.text
    h = {"Authorization": "Bearer " + r.json()["access_token"]}
    r = await client.get("/api/users/me", headers=h)
    assert r.status_code == 200, r.text
    assert (await client.post("/api/auth/logout", headers=h)).status_code == 204
    assert (await client.get("/api/users/me", headers=h)).status_code >= 400
    u = await make_user(username="bob")
    c = await client_for(u)
    assert (await c.get("/api/users/me")).json()["username"] == "bob"
    r = await client.post("/api/auth/login", data={"username": "bob", "password": PASSWORD})
    assert r.status_code == 200, r.text
