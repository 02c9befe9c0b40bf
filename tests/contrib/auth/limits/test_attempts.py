"""Who guesses is slowed down before anything is hashed, and nobody is locked out by who guesses elsewhere."""

import pytest
from sqlalchemy import select

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.throttling.models import Bucket

WRONG = "not the right one at all"


@pytest.fixture
def database_kind() -> str:
    return "sqlite"  # that both databases count alike is shown in tests/contrib/throttling


@pytest.fixture
def limits(monkeypatch):
    """Set AUTH_THROTTLE_..., before the application is made: ask for it in front of `client`."""

    def set_limits(**rates: str) -> None:
        for name, rate in rates.items():
            monkeypatch.setenv(f"AUTH_THROTTLE_{name.upper()}", rate)

    return set_limits


@pytest.fixture(params=[{}])
def rates(request, limits) -> dict[str, str]:
    """What a test sets, by `@pytest.mark.parametrize("rates", [...], indirect=True)`."""
    limits(**request.param)
    return dict(request.param)


@pytest.fixture
async def log_in(rates, client):
    async def attempt(name="ada", password=WRONG, address="203.0.113.7"):
        form = {"username": name, "password": password}
        return await client.post("/api/auth/login", data=form, headers={"X-Forwarded-For": address})

    return attempt


async def statuses(attempts) -> list[int]:
    return [(await attempt).status_code for attempt in attempts]


async def test_the_sixth_wrong_password_in_a_minute_is_refused_and_not_hashed(log_in, make_user, hashes):
    await make_user(username="ada")
    assert await statuses(log_in() for _ in range(5)) == [401] * 5
    hashed = hashes.count

    answer = await log_in(password=PASSWORD)

    assert answer.status_code == 429
    assert answer.json()["type"] == "urn:dovetail:problem:too-many-requests"
    assert int(answer.headers["Retry-After"]) in range(1, 13)
    assert answer.headers["RateLimit"].startswith('"login-60";r=0;t=')
    assert hashes.count == hashed


async def test_an_attacker_does_not_lock_the_owner_out(log_in, make_user):
    await make_user(username="ada")
    await statuses(log_in(address="198.51.100.1") for _ in range(8))

    assert (await log_in(password=PASSWORD)).status_code == 200


@pytest.mark.parametrize("rates", [{"login_account": "3/hour"}], indirect=True)
async def test_guessing_from_many_addresses_is_refused_and_the_owner_can_log_in_from_known_networks(log_in, make_user):
    await make_user(username="ada")
    assert (await log_in(password=PASSWORD, address="192.0.2.1")).status_code == 200
    guesses = await statuses(log_in(address=f"198.51.100.{number}") for number in range(5))

    assert guesses == [401, 401, 401, 429, 429]
    assert (await log_in(password=PASSWORD, address="198.51.100.99")).status_code == 429
    assert (await log_in(password=PASSWORD, address="192.0.2.1")).status_code == 200


@pytest.mark.parametrize("rates", [{"login_password": "3/hour"}], indirect=True)
async def test_one_password_tried_on_many_accounts_from_many_addresses_is_refused(log_in, make_user):
    for number in range(6):
        await make_user(username=f"user{number}")
    sprayed = await statuses(
        log_in(name=f"user{number}", address=f"198.51.100.{number}", password="Summer of 2026!") for number in range(6)
    )

    assert sprayed == [401] * 3 + [429] * 3
    assert (await log_in(name="user5", address="198.51.100.5", password="Winter of 2026!")).status_code == 401


@pytest.mark.parametrize("rates", [{"login_network": "4/minute"}], indirect=True)
async def test_many_accounts_tried_from_one_network_are_refused(log_in, make_user):
    await make_user(username="ada")
    names = [f"user{number}" for number in range(4)]

    assert await statuses(log_in(name=name, address=f"2001:db8::{name[-1]}") for name in names) == [401] * 4
    assert (await log_in(password=PASSWORD, address="2001:db8::ffff")).status_code == 429
    assert (await log_in(password=PASSWORD, address="2001:db8:0:1::1")).status_code == 200


async def test_logins_that_succeed_are_not_counted_as_wrong(log_in, make_user):
    await make_user(username="ada")

    assert await statuses(log_in(password=PASSWORD) for _ in range(12)) == [200] * 12
    assert await statuses(log_in() for _ in range(6)) == [401] * 5 + [429]


async def test_a_name_and_an_address_of_one_account_are_counted_together(log_in, make_user):
    await make_user(username="ada", email="ada@example.org", is_verified=True)
    await statuses(log_in(name="ADA") for _ in range(3))
    found = await statuses(log_in(name="ada@example.org") for _ in range(3))

    assert found == [401, 401, 429]


async def test_unknown_names_are_limited_like_known_ones(log_in, make_user):
    await make_user(username="ada")
    answers = {}
    for name in ("ada", "nobody"):
        for _ in range(6):
            answer = await log_in(name=name)
        answers[name] = (answer.status_code, answer.json()["detail"], answer.headers["RateLimit"])

    assert answers["ada"] == answers["nobody"]


async def test_spellings_of_an_unknown_name_are_counted_together_like_those_of_a_known_one(log_in):
    for name, variant in (("nobody", "\uff2eobody"), ("nobody@example.org", "nobody@\uff25xample.org")):  # fullwidth
        await statuses(log_in(name=name) for _ in range(5))
        assert (await log_in(name=variant)).status_code == 429


async def test_neither_the_entered_password_nor_the_name_is_stored(log_in, database):
    await log_in(name="my secret by mistake", password="my secret on purpose")
    async with database.unit_of_work() as session:
        keys = " ".join(await session.scalars(select(Bucket.key)))

    assert "login|" in keys
    assert "secret" not in keys


@pytest.mark.parametrize("rates", [{"login": "off"}], indirect=True)
async def test_a_limit_can_be_switched_off(log_in, make_user):
    await make_user(username="ada")

    assert await statuses(log_in() for _ in range(8)) == [401] * 8


@pytest.mark.parametrize("rates", [{"login": "2/minute"}], indirect=True)
async def test_the_back_office_shares_its_limits_with_the_api_and_shows_its_own_page(log_in, client, make_user):
    await make_user(username="ada", is_superuser=True)
    client.headers["Origin"] = ORIGIN
    from_here = {"X-Forwarded-For": "203.0.113.7"}
    await log_in()
    found = []
    for _ in range(2):
        page = await client.get("/admin/login")
        form = {**read_form(page.text), "username": "ada", "password": WRONG}
        found.append(await client.post("/admin/login", data=form, headers=from_here))

    assert [answer.status_code for answer in found] == [401, 429]
    assert "Retry-After" in found[1].headers
    assert "try again in" in found[1].text
    assert 'name="password"' in found[1].text
    assert (await log_in(password=PASSWORD)).status_code == 429


def new_account(number: int) -> dict[str, str]:
    return {"username": f"u{number}", "email": f"u{number}@example.org", "password": PASSWORD}


ASKED = {
    "register": ("/api/auth/register", new_account),
    "reset": ("/api/auth/forgot-password", lambda number: {"email": f"u{number}@example.org"}),
    "verify": ("/api/auth/request-verify-token", lambda number: {"email": f"u{number}@example.org"}),
    "token": ("/api/auth/verify", lambda number: {"token": f"guess {number}"}),
}


@pytest.mark.parametrize(("rates", "name"), [({name: "2/hour"}, name) for name in ASKED], indirect=["rates"])
async def test_registrations_resets_verifications_and_tokens_have_limits_by_network(rates, client, name):
    path, body = ASKED[name]
    found = [(await client.post(path, json=body(number))).status_code for number in range(3)]

    assert found[2] == 429
    assert 429 not in found[:2]
    elsewhere = await client.post(path, json=body(9), headers={"X-Forwarded-For": "198.51.100.1"})
    assert elsewhere.status_code != 429


@pytest.mark.parametrize("rates", [{"factor": "2/minute"}], indirect=True)
async def test_the_password_cannot_be_guessed_from_an_open_session(rates, client_for, make_user):
    client = await client_for(await make_user(username="ada"))
    guess = {"password": "a new one, and a long one", "current_password": WRONG}
    found = [(await client.patch("/api/users/me", json=guess)).status_code for _ in range(2)]

    assert found == [422, 422]
    assert (await client.post("/api/auth/prove", json={"password": WRONG})).status_code == 429
    assert (await client.get("/api/users/me")).status_code == 200


async def test_a_refusal_is_a_security_event(log_in, make_user, caplog):
    await make_user(username="ada")
    await statuses(log_in() for _ in range(6))

    assert "lockout" in caplog.text


def test_an_invalid_rate_is_reported_when_the_settings_are_read(limits, make_settings):
    from dovetail.application import make_application
    from dovetail.errors import ConfigurationError

    limits(login="often")
    with pytest.raises(ConfigurationError, match="AUTH_THROTTLE_LOGIN: 'often' is no rate, expected one such as"):
        make_application(make_settings())
