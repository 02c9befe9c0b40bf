"""What fastapi-users does by itself, and does not here."""

import re
from pathlib import Path

import pytest
from fastapi_users.jwt import generate_jwt
from sqlalchemy import func, select

from dovetail.contrib.auth.models import User
from tests.contrib.auth.helpers import ADA, NEW_PASSWORD, bearer, hashed, login

ROOT = Path(__file__).parents[3]
HOME = ROOT / "dovetail" / "contrib" / "auth"
NUL = "a\x00da"
# Where an address, a name or a token comes in, with a body that is right but for them.
ENTRANCES = {
    "/api/auth/register": ("username", "email", "password", "full_name"),
    "/api/auth/forgot-password": ("email",),
    "/api/auth/request-verify-token": ("email",),
    "/api/auth/reset-password": ("token", "password"),
    "/api/auth/verify": ("token",),
}


async def test_a_signed_token_is_refused_even_with_the_right_secret(client, make_user, settings):
    """Its own are JSON web tokens that work after a logout, and as often as one likes."""
    ada = await make_user(username="ada", is_verified=False)
    about = {"sub": str(ada.id), "user_id": str(ada.id), "email": ada.email}
    about |= {"password_fgpt": (await hashed(ada.hashed_password)).value}
    for secret in (settings.secret_key.get_secret_value(), "SECRET" * 6):
        signed = {
            use: generate_jwt(about | {"aud": [f"fastapi-users:{use}"]}, secret, 3600)
            for use in ("auth", "reset", "verify")
        }
        assert (await client.get("/api/users/me", headers=bearer(signed["auth"]))).status_code == 401
        new = {"token": signed["reset"], "password": NEW_PASSWORD}
        assert (await client.post("/api/auth/reset-password", json=new)).status_code in (400, 422)
        assert (await client.post("/api/auth/verify", json={"token": signed["verify"]})).status_code in (400, 422)
    assert (await login(client, "ada", NEW_PASSWORD)).status_code == 401
    assert (await client.get("/api/users/me")).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ENTRANCES)
async def test_null_and_what_no_text_of_a_database_holds_is_refused_wherever_it_comes_in(client, session, path):
    good = {**ADA, "full_name": "Ada", "token": "x" * 43}
    for field in ENTRANCES[path]:
        for value in (None, NUL, [], {}, 1, True):
            body = {name: good[name] for name in ENTRANCES[path]} | {field: value}
            answer = await client.post(path, json=body)
            assert answer.status_code in (400, 422), (field, value, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
        raw = f'{{"{field}": "\\udce9"}}'
        sent = await client.post(path, content=raw, headers={"Content-Type": "application/json"})
        assert sent.status_code in (400, 422), (field, sent.text)
    assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_null_in_a_change_by_its_owner_or_by_staff_is_refused(client_for, make_user):
    ada, boss = await make_user(username="ada"), await make_user(username="boss", is_superuser=True)
    for client, path in ((await client_for(ada), "/api/users/me"), (await client_for(boss), f"/api/users/{ada.id}")):
        for field in ("email", "username", "full_name"):
            for value in (None, NUL, 1):
                assert (await client.patch(path, json={field: value})).status_code == 422, (path, field, value)


def test_fastapi_users_is_imported_by_one_package_and_its_store_is_not_used():
    """Its adapter commits by itself, and holds SQLAlchemy below 2.1."""
    sources = [path for folder in ("dovetail", "plugins", "project") for path in (ROOT / folder).rglob("*.py")]
    importing = re.compile(r"^\s*(from|import) fastapi_users\b", re.MULTILINE)
    assert [path for path in sources if importing.search(path.read_text("utf-8")) and HOME not in path.parents] == []
    locked = (ROOT / "requirements" / "run.txt").read_text("utf-8")
    assert "fastapi-users-db-sqlalchemy" not in locked
    assert re.search(r"^sqlalchemy==2\.[1-9]", locked, re.MULTILINE | re.IGNORECASE)
