"""Whoever has forgotten their password chooses another by a link of a mail, and nobody learns who has an account."""

import pytest

from dovetail.contrib.admin.testing import ORIGIN, read_form
from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.helpers import NEW_PASSWORD, login, token_in


@pytest.fixture
def _two_an_hour(monkeypatch):
    for name in ("RESET", "TOKEN"):
        monkeypatch.setenv(f"AUTH_THROTTLE_{name}", "2/hour")


@pytest.fixture
def visitor(client):
    client.headers["Origin"] = ORIGIN
    return client


async def send(visitor, path: str, **values: str):
    form = read_form((await visitor.get(f"/admin{path}")).text)
    return await visitor.post(f"/admin{path}", data={"csrf_token": form["csrf_token"][0], **values})


async def test_a_password_is_chosen_anew_by_a_link_of_a_mail(visitor, make_user, outbox):
    await make_user(username="ada", is_staff=True)
    assert 'href="/admin/password_reset/"' in (await visitor.get("/admin/login")).text
    asked = await send(visitor, "/password_reset/", email="ada@example.org")
    assert (asked.status_code, asked.headers["location"]) == (303, "/admin/password_reset/done/")
    assert "on its way" in (await visitor.get("/admin/password_reset/done/")).text
    opened = await visitor.get("/admin/reset/", params={"token": token_in(outbox.messages.pop())})
    assert (opened.status_code, opened.headers["location"]) == (303, "/admin/reset/")  # without the token
    assert "HttpOnly" in opened.headers["set-cookie"]
    weak = await send(visitor, "/reset/", password="short")
    assert (weak.status_code, 'role="alert"' in weak.text) == (400, True)
    done = await send(visitor, "/reset/", password=NEW_PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/admin/reset/done/")
    assert "Log in with it." in (await visitor.get("/admin/reset/done/")).text
    assert (await login(visitor, "ada", PASSWORD)).status_code == 401
    assert (await login(visitor, "ada", NEW_PASSWORD)).status_code == 200


async def test_the_answer_is_the_same_for_an_address_that_nobody_has(visitor, make_user, outbox):
    await make_user(username="ada")
    answers = [await send(visitor, "/password_reset/", email=f"{name}@example.org") for name in ("ada", "nobody")]
    assert len({(answer.status_code, answer.headers["location"], answer.content) for answer in answers}) == 1
    assert [message.to for message in outbox.messages] == ["ada@example.org"]
    assert (await send(visitor, "/password_reset/", email="no address")).status_code == 400


async def test_the_mail_leads_to_the_page_of_the_back_office_at_a_host_that_the_site_names(visitor, make_user, outbox):
    await make_user(username="ada")
    await send(visitor, "/password_reset/", email="ada@example.org")
    told = outbox.messages.pop()
    assert f"Open this page:\nhttp://testserver/admin/reset/?token={token_in(told)}\n" in told.body


async def test_a_token_works_once_and_may_be_typed_where_a_mail_has_no_link(visitor, make_user, outbox):
    await make_user(username="ada")
    await send(visitor, "/password_reset/", email="ada@example.org")
    token = token_in(outbox.messages.pop())
    assert "Token of the e-mail" in (await visitor.get("/admin/reset/")).text
    assert (await send(visitor, "/reset/", token=token, password=NEW_PASSWORD)).status_code == 303
    again = await send(visitor, "/reset/", token=token, password=NEW_PASSWORD)
    assert (again.status_code, "This link was used" in again.text) == (400, True)


async def test_a_token_may_be_typed_after_a_link_that_is_over(visitor, make_user, outbox):
    await make_user(username="ada")
    await visitor.get("/admin/reset/", params={"token": "an-old-one"})
    over = await send(visitor, "/reset/", password=NEW_PASSWORD)
    assert (over.status_code, "Token of the e-mail" in over.text) == (400, True)
    await send(visitor, "/password_reset/", email="ada@example.org")
    token = token_in(outbox.messages.pop())
    assert (await send(visitor, "/reset/", token=token, password=NEW_PASSWORD)).status_code == 303


async def test_a_link_with_what_no_cookie_can_hold_is_over(visitor):
    opened = await visitor.get("/admin/reset/", params={"token": "€"})
    assert (opened.status_code, "This link was used" in opened.text) == (400, True)


@pytest.mark.usefixtures("_two_an_hour")
async def test_links_and_tokens_have_the_limits_of_the_api(visitor):
    for path, values in (("/password_reset/", {"email": "ada@example.org"}), ("/reset/", {"token": "x" * 40})):
        statuses = [(await send(visitor, path, password=NEW_PASSWORD, **values)).status_code for _ in range(3)]
        assert (statuses[2], 429 in statuses[:2]) == (429, False), path


@pytest.mark.parametrize(
    ("asked_in", "subject"), [("de", "Wählen Sie ein neues Passwort"), ("fr, en", "Choose a new password")]
)
async def test_the_mail_is_in_the_language_of_the_page_where_it_was_asked_for(
    visitor, make_user, outbox, asked_in, subject
):
    await make_user(username="ada", is_staff=True)
    visitor.headers["Accept-Language"] = asked_in
    await send(visitor, "/password_reset/", email="ada@example.org")
    (mail,) = outbox.messages
    assert mail.subject == subject
    assert ("Guten Tag ada" in mail.body) == (asked_in == "de")
