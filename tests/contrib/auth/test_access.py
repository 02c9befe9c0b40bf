from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import update

from dovetail.api.principal import StaffDep
from dovetail.contrib.auth.access import CurrentUser, OptionalUser, StaffBeside, StaffUser, UserBeside
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from dovetail.signing import hash_token
from tests.contrib.auth.helpers import bearer, token_of


@pytest.fixture
def routes(app: FastAPI) -> None:
    @app.get("/current")
    async def current(user: CurrentUser) -> str:
        return user.username

    @app.get("/optional")
    async def optional(user: OptionalUser) -> str | None:
        return user and user.username

    @app.get("/staff")
    async def staff(user: StaffUser) -> str:
        return user.username

    @app.get("/beside")
    async def beside(user: UserBeside) -> str:
        return user.username

    @app.get("/staff-beside")
    async def staff_beside(user: StaffBeside) -> str:
        return user.username

    @app.get("/kernel-staff")
    async def kernel_staff(principal: StaffDep) -> int:
        return principal.id


async def test_without_a_token_a_user_is_required_or_none(client, routes):
    response = await client.get("/current")
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (await client.get("/optional")).json() is None
    for path in ("/staff", "/beside", "/staff-beside", "/kernel-staff"):
        assert (await client.get(path)).status_code == 401


PATHS = ["/current", "/optional", "/staff", "/beside"]


async def test_a_wrong_token_is_refused(client, routes):
    for path in PATHS:
        for token in (b"wrong", b"", b"\xe9", b"a b", b"x" * 5000):
            response = await client.get(path, headers={b"Authorization": b"Bearer " + token})
            assert response.status_code == 401, (path, token)
            assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"', (path, token)


async def test_another_scheme_is_ignored(client, routes):
    headers = {"Authorization": "Basic YTpi"}
    assert (await client.get("/optional", headers=headers)).json() is None
    assert (await client.get("/current", headers=headers)).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["access_token", "token", "api_key"])
async def test_a_token_in_the_url_is_ignored(client, routes, make_user, name):
    await make_user(username="ada")
    params = {name: await token_of(client, "ada")}
    assert (await client.get("/current", params=params)).status_code == 401
    assert (await client.get("/optional", params=params)).json() is None


async def test_the_scheme_may_be_written_in_any_case(client, routes, make_user):
    await make_user(username="ada")
    token = await token_of(client, "ada")
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert (await client.get("/current", headers={"Authorization": f"{scheme} {token}"})).json() == "ada"


async def test_the_current_user_costs_one_statement_that_writes_nothing(
    client, routes, make_user, client_for, count_statements
):
    ada = await client_for(await make_user(username="ada"))
    with count_statements() as seen:
        assert (await ada.get("/current")).json() == "ada"
    assert len(seen) == 1
    assert seen[0].startswith("SELECT")


async def test_a_deactivated_user_never_passes(client, routes, make_user, client_for, session):
    user = await make_user(username="ada", is_superuser=True)
    ada = await client_for(user)
    assert (await ada.get("/staff")).status_code == 200
    await session.execute(update(User).values(is_active=False))
    await session.commit()
    for path in ("/current", "/optional", "/staff", "/kernel-staff"):
        assert (await ada.get(path)).status_code == 401


async def test_an_expired_token_does_not_pass(client, routes, make_user, session):
    user = await make_user(username="ada")
    now = datetime.now(UTC)
    for token, expires_at in (("old", now - timedelta(seconds=1)), ("new", now + timedelta(minutes=1))):
        session.add(Session(token_hash=hash_token(token), user_id=user.id, expires_at=expires_at))
    await session.commit()
    assert (await client.get("/current", headers=bearer("old"))).status_code == 401
    assert (await client.get("/current", headers=bearer("new"))).status_code == 200


async def test_the_hash_of_a_token_is_no_token(client, routes, make_user, session):
    user = await make_user(username="ada")
    row = Session(token_hash=hash_token("x"), user_id=user.id, expires_at=datetime.now(UTC) + timedelta(minutes=1))
    session.add(row)
    await session.commit()
    assert (await client.get("/current", headers=bearer(row.token_hash))).status_code == 401


async def test_staff_only_lets_staff_in(routes, make_user, client_for):
    ada = await client_for(await make_user(username="ada"))
    boss = await client_for(await make_user(username="boss", is_superuser=True))
    for path in ("/staff", "/kernel-staff"):
        assert (await ada.get(path)).status_code == 403
        assert (await boss.get(path)).status_code == 200


async def test_dependencies_share_one_lookup(app, make_user, client_for, count_statements):
    async def other(user: CurrentUser) -> str:
        return user.username

    @app.get("/both")
    async def both(user: StaffUser, optional: OptionalUser, name: Annotated[str, Depends(other)]) -> bool:
        return user is optional and name == user.username

    boss: httpx.AsyncClient = await client_for(await make_user(username="boss", is_superuser=True))
    with count_statements() as seen:
        assert (await boss.get("/both")).json() is True
    assert len(seen) == 1


async def test_the_openapi_document_describes_the_login(client):
    schema = (await client.get("/openapi.json")).json()
    scheme = schema["components"]["securitySchemes"]["Bearer"]
    assert scheme["flows"]["password"]["tokenUrl"] == "/api/auth/login"
    assert schema["paths"]["/api/users/me"]["get"]["security"] == [{"Bearer": []}]
    assert "401" in schema["paths"]["/api/auth/login"]["post"]["responses"]
    assert "hashed_password" not in str(schema)
