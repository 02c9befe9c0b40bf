"""AUTH_REQUIRE_SECOND_FACTOR: who has to have a second factor, and has none, can enrol one and nothing else."""

import pytest
from sqlalchemy import update

from dovetail.contrib.auth.models import User
from tests.contrib.auth.factors.conftest import FACTORS, code_of, register
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator
from tests.contrib.auth.helpers import bearer, login

TYPE = "urn:dovetail:problem:second-factor-required"


@pytest.fixture(params=["staff"])
def required(request, monkeypatch):
    monkeypatch.setenv("AUTH_REQUIRE_SECOND_FACTOR", request.param)
    return request.param


@pytest.fixture
def settings(required, make_settings, database_url):
    return make_settings(database_url=database_url)


async def test_staff_without_a_second_factor_can_enrol_one_and_nothing_else(client, make_user):
    await make_user(username="boss", is_superuser=True)
    token = (await login(client, "boss")).json()["access_token"]
    client.headers.update(bearer(token))
    for method, path in (
        ("GET", "/api/posts"),  # in front of the router
        ("GET", "/api/users"),
        ("POST", "/api/posts"),
        ("PATCH", "/api/posts/1"),
        ("GET", "/api/users/me"),
        ("PATCH", "/api/users/me"),
        ("GET", "/api/auth/sessions"),
        ("DELETE", "/api/users/1/factors"),
    ):
        answer = await client.request(method, path, json={} if method in {"POST", "PATCH"} else None)
        assert (answer.status_code, answer.json()["type"]) == (403, TYPE), path
    assert (await client.get(FACTORS)).json()["is_required"] is True
    enrolment = (await client.post(f"{FACTORS}/totp", json={"name": "Telephone"})).json()
    body = {"code": code_of(enrolment["secret"])}
    assert (await client.post(f"{FACTORS}/totp/{enrolment['id']}/confirm", json=body)).status_code == 200
    for path in ("/api/posts", "/api/users", "/api/users/me"):
        assert (await client.get(path)).status_code == 200, path


async def test_other_users_need_no_second_factor_and_staff_may_prove_themselves_and_log_out(client, make_user):
    await make_user(username="reader")
    await make_user(username="boss", is_superuser=True)
    reader = bearer((await login(client, "reader")).json()["access_token"])
    assert (await client.get("/api/users/me", headers=reader)).status_code == 200
    boss = bearer((await login(client, "boss")).json()["access_token"])
    proof = {"password": "correct horse battery staple"}
    assert (await client.post("/api/auth/prove", json=proof, headers=boss)).status_code == 204
    assert (await client.post("/api/auth/logout", headers=boss)).status_code == 204


async def test_who_removes_the_last_factor_has_to_enrol_another(client_for, make_user):
    boss = await client_for(await make_user(username="boss", is_superuser=True))
    key = (await register(boss, SoftAuthenticator())).json()["id"]
    assert (await boss.get("/api/users/me")).json()["has_second_factor"] is True
    await boss.delete(f"{FACTORS}/passkeys/{key}")
    assert (await boss.get("/api/posts")).json()["type"] == TYPE


async def test_the_back_office_redirects_to_the_enrolment_page_and_shows_nothing_else(back_office_for, make_user):
    office = await back_office_for(await make_user(username="boss", is_superuser=True))
    for path in ("/", "/auth/user/", "/blog/post/add/"):
        answer = await office.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account/"), path
    page = (await office.get("/account/")).text
    assert "This site asks you for a second factor" in page
    assert 'id="password"' not in page
    token = {"csrf_token": page.split('name="csrf_token" value="')[1].split('"')[0]}
    refused = await office.client.post("/admin/account/password/change", data=token)
    assert (refused.status_code, refused.headers["location"]) == (303, "/admin/account/")
    shown = await office.client.post("/admin/account/factors/totp", data={**token, "name": "Telephone"})
    assert (shown.status_code, "<svg" in shown.text) == (200, True)
    assert (await office.client.post("/admin/logout", data=token)).headers["location"] == "/admin/login"


@pytest.mark.parametrize("required", ["all"], indirect=True)
async def test_a_second_factor_can_be_required_of_everybody(client, make_user, session):
    await make_user(username="reader")
    reader = bearer((await login(client, "reader")).json()["access_token"])
    assert (await client.get("/api/posts", headers=reader)).json()["type"] == TYPE
    assert (await client.get("/api/posts")).status_code == 200  # nobody is asking
    await session.execute(update(User).values(has_second_factor=True))
    await session.commit()
    assert (await client.get("/api/posts", headers=reader)).status_code == 200
