"""Groups, permissions and who has them, by REST: what one may not do oneself one can give to nobody."""

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.models import Group
from dovetail.contrib.auth.permissions import grants

GROUPS = tuple(f"auth.{verb}_group" for verb in ("view", "add", "change", "delete"))
USERS = tuple(f"auth.{verb}_user" for verb in ("view", "add", "change", "delete"))


@pytest.fixture
def let(session, make_user, client_for):
    """Make a client of somebody who has these permissions: `mary = await let("mary", "auth.view_user")`."""

    async def make(name: str, *permissions: str, **fields):
        user = await make_user(username=name, **{"is_staff": True, **fields})
        await grants.grant(session, user, permissions)
        await session.commit()
        return await client_for(user)

    return make


async def test_a_superuser_makes_changes_and_removes_a_group(let):
    boss = await let("boss", is_superuser=True)
    made = await boss.post("/api/groups", json={"name": "Editors", "permissions": ["blog.view_post"]})
    assert made.status_code == 201, made.text
    group = made.json()
    assert group["name"] == "Editors"
    assert group["permissions"] == [{"name": "blog.view_post", "plugin": "blog", "title": "Can view post"}]
    path = f"/api/groups/{group['id']}"
    changed = await boss.patch(path, json={"name": "Writers", "permissions": ["blog.add_post", "blog.add_tag"]})
    assert [one["name"] for one in changed.json()["permissions"]] == ["blog.add_post", "blog.add_tag"]
    assert (await boss.get(path)).json()["name"] == "Writers"
    assert (await boss.delete(path)).status_code == 204
    assert (await boss.get("/api/groups")).json()["items"] == []


@pytest.mark.parametrize(
    ("operation", "needed"),
    [
        ("GET /api/groups", "auth.view_group"),
        ("GET /api/groups/{id}", "auth.view_group"),
        ("POST /api/groups", "auth.add_group"),
        ("PATCH /api/groups/{id}", "auth.change_group"),
        ("DELETE /api/groups/{id}", "auth.delete_group"),
        ("GET /api/permissions", "auth.view_permission"),
    ],
)
async def test_each_operation_requires_its_permission(let, session, client, operation, needed):
    group = await grants.create_group(session, "editors")
    await session.commit()
    method, path = operation.format(id=group.id).split()
    body = {"name": "writers"} if method in {"POST", "PATCH"} else None
    assert (await client.request(method, path, json=body)).status_code == 401
    others = [name for name in (*GROUPS, "auth.view_permission") if name != needed]
    seeing = "auth.view_group" if needed != "auth.view_group" else "auth.add_group"
    refused = await (await let("other", *others)).request(method, path, json=body)
    if needed != "auth.view_group":  # who may change groups may look at them too
        assert refused.status_code == 403, refused.text
        assert needed in refused.json()["detail"]
    else:
        assert refused.status_code == 200
    assert (await (await let("none")).request(method, path, json=body)).status_code == 403
    assert (await (await let("mary", needed, seeing)).request(method, path, json=body)).is_success


async def test_a_group_can_only_have_permissions_of_its_creator(let, session):
    mary = await let("mary", *GROUPS, "blog.view_post")
    refused = await mary.post("/api/groups", json={"name": "x", "permissions": ["blog.view_post", "blog.add_post"]})
    assert refused.status_code == 403
    assert refused.json()["detail"] == "You can only give or take what you may do yourself; you lack blog.add_post."
    made = await mary.post("/api/groups", json={"name": "x", "permissions": ["blog.view_post"]})
    path = f"/api/groups/{made.json()['id']}"
    assert (await mary.patch(path, json={"permissions": ["blog.add_post"]})).status_code == 403
    (group,) = await session.scalars(select(Group))
    await grants.grant(session, group, ["blog.add_post"])
    await session.commit()
    assert (await mary.patch(path, json={"permissions": ["blog.view_post"]})).status_code == 403
    assert (await mary.patch(path, json={"name": "y"})).status_code == 200
    assert (await mary.delete(path)).status_code == 403


async def test_a_name_that_is_taken_and_a_permission_that_is_not_there_are_errors_of_their_fields(let):
    boss = await let("boss", is_superuser=True)
    await boss.post("/api/groups", json={"name": "Editors"})
    taken = await boss.post("/api/groups", json={"name": "EDITORS"})
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (409, "/name")
    unknown = await boss.post("/api/groups", json={"name": "x", "permissions": ["blog.veiw_post"]})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/permissions")
    assert "did you mean blog.view_post?" in unknown.json()["errors"][0]["detail"]


async def test_changed_permissions_apply_from_the_next_request_on(let, session, make_user, client_for):
    boss, eddie = await let("boss", is_superuser=True), await make_user(username="eddie", is_staff=True)
    reader = await client_for(eddie)
    await grants.create_group(session, "readers", ["auth.view_group"])
    await session.commit()
    path = f"/api/users/{eddie.id}/permissions"
    assert (await reader.get("/api/groups")).status_code == 403
    given = await boss.put(path, json={"groups": ["readers"], "permissions": ["blog.view_post"]})
    assert given.json() == {
        "groups": ["readers"],
        "permissions": ["blog.view_post"],
        "is_staff": True,
        "is_superuser": False,
        "effective": ["auth.view_group", "blog.view_post"],
    }
    assert (await reader.get("/api/users/me/permissions")).json() == given.json() == (await boss.get(path)).json()
    assert (await reader.get("/api/groups")).status_code == 200
    await boss.put(path, json={"groups": [], "permissions": []})
    assert (await reader.get("/api/groups")).status_code == 403


async def test_managers_grant_and_revoke_only_their_own_permissions_and_not_for_users_with_more(let, make_user):
    mary = await let("mary", *USERS, "blog.view_post")
    eddie = await make_user(username="eddie")
    path = f"/api/users/{eddie.id}/permissions"
    assert (await mary.put(path, json={"groups": [], "permissions": ["blog.view_post"]})).status_code == 200
    assert (await mary.put(path, json={"groups": [], "permissions": ["blog.add_post"]})).status_code == 403
    assert (await mary.patch(f"/api/users/{eddie.id}", json={"is_superuser": True})).status_code == 403
    assert (await mary.patch(f"/api/users/{eddie.id}", json={"full_name": "Ed"})).status_code == 200
    new = {"username": "x", "email": "x@example.org", "is_superuser": True}
    assert (await mary.post("/api/users", json=new)).status_code == 403
    for name, fields in (("boss", {"is_superuser": True}), ("more", {})):
        await let(name, "blog.delete_post", **fields)
        (user,) = (await mary.get("/api/users", params={"username": name})).json()["items"]
        for answer in (
            await mary.patch(f"/api/users/{user['id']}", json={"email": "mary@example.com"}),
            await mary.post(f"/api/users/{user['id']}/reset-password"),
            await mary.delete(f"/api/users/{user['id']}"),
            await mary.put(f"/api/users/{user['id']}/permissions", json={"groups": [], "permissions": []}),
        ):
            assert answer.status_code == 403, answer.text


async def test_nobody_without_the_permission_sees_what_others_may_do(let, make_user, client):
    eddie = await make_user(username="eddie")
    path = f"/api/users/{eddie.id}/permissions"
    assert (await client.get(path)).status_code == 401
    assert (await (await let("none")).get(path)).status_code == 403
    assert (await (await let("mary", "auth.view_user")).get(path)).status_code == 200
    assert (await (await let("eve", "auth.view_user", is_staff=False)).get(path)).status_code == 403
    assert (
        await (await let("mary2", "auth.view_user")).put(path, json={"groups": [], "permissions": []})
    ).status_code == 403
