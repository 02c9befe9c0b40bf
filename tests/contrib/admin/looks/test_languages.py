"""The language and the time zone of pages: chosen by their user, by the browser, by the site."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from dovetail.contrib.admin.models import Preference
from dovetail.contrib.admin.testing import read_form
from dovetail.contrib.auth.testing import PASSWORD
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.conftest import COOKIE
from tests.contrib.admin.drawer.models import Specimen

LANGUAGE, ZONE = (COOKIE.replace("session", name) for name in ("language", "zone"))


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_page_is_in_the_language_of_the_browser_until_somebody_chooses_another(client):
    page = await client.get("/admin/login", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert page.headers["content-language"] == "de"
    assert {"accept-language", "cookie"} <= {one.strip().lower() for one in page.headers["vary"].split(",")}
    assert '<html lang="de"' in page.text
    values = {"csrf_token": read_form(page.text)["csrf_token"], "language": "en"}
    answer = await client.post("/admin/login/language", data=values, headers={"Origin": "http://testserver"})
    assert answer.status_code == 303
    page = await client.get("/admin/login", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in page.text
    client.cookies.set(LANGUAGE, "xx")
    assert '<html lang="en"' in (await client.get("/admin/login")).text
    assert "content-language" not in (await client.get("/admin/assets/texts.js")).headers


async def test_the_page_of_the_account_keeps_language_zone_and_theme_for_every_browser(office, boss, client, session):
    chosen = {"language": "de", "zone": "Europe/Berlin", "theme": "dark"}
    answer = await office.post("/account/choices/save", chosen)
    assert answer.status_code == 303, answer.text
    page = (await office.get("/account/")).text
    assert '<html lang="de" data-theme="dark" data-zone="Europe/Berlin"' in page
    assert "data-zone-offer" not in page
    row = await session.get(Preference, boss.id)
    assert {name: getattr(row, name) for name in chosen} == chosen
    await session.commit()
    values = {**read_form((await client.get("/admin/login")).text), "username": "boss", "password": PASSWORD}
    answer = await client.post("/admin/login", data=values, headers={"Origin": "http://testserver"})
    assert (client.cookies[LANGUAGE], client.cookies[ZONE]) == ("de", '"Europe/Berlin"')
    assert 'data-zone="Europe/Berlin"' in (await client.get("/admin/")).text
    for wrong in ({"language": "xx"}, {"zone": "Moon/Sea"}, {"zone": "../../etc/passwd"}, {"theme": "pink"}):
        assert (await office.post("/account/choices/save", chosen | wrong)).status_code == 400
    assert (await office.post("/zone", {"zone": "UTC"})).status_code == 303
    assert 'data-zone="UTC"' in (await office.get("/")).text


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_a_script_writes_is_in_the_language_of_its_page(app, browser_page):
    await browser_page.set_extra_http_headers({"Accept-Language": "de-DE, de;q=0.9, en;q=0.5"})
    await browser_page.goto("/admin/login")
    await expect(browser_page.get_by_role("button", name="Anmelden")).to_be_visible()
    await expect(browser_page.get_by_role("button", name="Anzeigen")).to_be_visible()  # made by passwords.js


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_days_are_read_out_and_keys_are_called_as_in_the_language_of_the_page(app, browser_page, boss):
    await browser_page.set_extra_http_headers({"Accept-Language": "de"})
    await browser_page.goto("/admin/login")
    await browser_page.get_by_label("Benutzername").fill("boss")
    await browser_page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await browser_page.get_by_role("button", name="Anmelden").click()
    await browser_page.wait_for_url("**/admin/")
    assert await browser_page.locator("#shortcuts kbd").first.text_content() == "Strg K"
    await browser_page.goto("/admin/auth/securityevent/")
    day = browser_page.locator(".flatpickr-day").first
    await day.wait_for(state="attached")
    assert re.fullmatch(r"\d{1,2}\. [A-Zä-ü][a-zä-ü]+ \d{4}", await day.get_attribute("aria-label"))


async def test_a_mail_is_in_the_language_that_its_receiver_chose_whoever_sends_it(
    office, make_user, session, outbox, client_for
):
    ada = await make_user(username="ada", email="ada@example.org")
    session.add(Preference(user_id=ada.id, language="de"))
    await session.commit()
    assert (
        await office.post("/auth/user/action/send-reset-link/", {"pks": [str(ada.id)], "confirmed": "yes"})
    ).status_code == 303
    assert (await office.submit(f"/auth/user/{ada.id}/change/", {"username": "lovelace"})).status_code == 303
    api = await client_for(ada)
    made = await api.post("/api/auth/tokens", json={"name": "ci", "scopes": ["blog.view_post"]})
    assert made.status_code == 201, made.text
    mails = {one.subject: one.body for one in outbox.messages}
    assert set(mails) == {
        "Wählen Sie ein neues Passwort",
        "Ihr Benutzername wurde geändert",
        "Eine Änderung Ihres Kontos",
    }
    assert "für Ihr Konto wurde ein persönliches Token erstellt: ci." in mails["Eine Änderung Ihres Kontos"]
    assert all(body.startswith("Guten Tag ") for body in mails.values())


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_script_of_texts_is_there_for_each_language_of_the_site_alone(client):
    answer = await client.get("/admin/texts/de.js")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "Anzeigen" in answer.text
    known = {"If-None-Match": answer.headers["etag"]}
    again = await client.get("/admin/texts/de.js", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert (await client.get("/admin/texts/en.js", headers=known)).status_code == 200
    assert (await client.get("/admin/texts/fr.js")).status_code == 404


async def test_actions_tell_what_they_did_in_the_language_of_the_page(office, boss, session):
    posts = [Post(title=title, content=".", author_id=boss.id) for title in "ab"]
    session.add_all(posts)
    await session.flush()
    comment = Comment(post_id=posts[0].id, author_id=boss.id, content="Hm.")
    session.add(comment)
    await session.commit()
    office.client.headers["Accept-Language"] = "de"
    both, one = [str(post.id) for post in posts], str(comment.id)
    for action, keys, told in (
        ("blog/post/action/publish", both, "2 Beiträge veröffentlicht."),
        ("blog/post/action/unpublish", both[:1], "1 Beitrag zurückgezogen."),
        ("comments/comment/action/approve", one, "1 Kommentar freigegeben."),
        ("comments/comment/action/reject", one, "1 Kommentar abgelehnt."),
    ):
        assert (await office.post(f"/{action}/", {"pks": keys})).status_code == 303
        assert told in (await office.get("/")).text


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_page_that_refuses_what_a_button_asked_leads_back_to_it(office):
    came_from = f"{office.client.base_url}/admin/blog/tag/?search=x"
    refused = await office.client.post(
        "/admin/blog/tag/999/change/",
        data={"csrf_token": read_form((await office.get("/blog/tag/add/")).text)["csrf_token"], "name": "x"},
        headers={"Referer": came_from},
    )
    assert refused.status_code == 404
    assert 'href="/admin/blog/tag/?search=x">Back to the page before</a>' in refused.text
    assert "Back to the page before" not in (await office.get("/blog/tag/999/change/")).text
    followed = await office.client.get("/admin/blog/tag/999/change/", headers={"Referer": came_from})
    assert 'href="/admin/blog/tag/?search=x">Back to the page before</a>' in followed.text
    for nowhere in ("login?next=%2Fadmin%2F", "blog/tag/999/change/"):
        before = {"Referer": f"{office.client.base_url}/admin/{nowhere}"}
        assert "page before" not in (await office.client.get("/admin/blog/tag/999/change/", headers=before)).text


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_list_that_cannot_be_asked_for_so_leads_to_the_list_as_it_is(office):
    refused = await office.get("/blog/tag/?sortBy=nothing")
    assert refused.status_code == 400
    assert 'href="/admin/blog/tag/">Without filter, search and order</a>' in refused.text


async def test_a_duration_is_typed_shown_and_filtered_by_as_the_language_of_the_page_has_it(office, session):
    office.client.headers["Accept-Language"] = "de"
    answer = await office.submit("/drawer/specimen/add/", {"name": "Ammonite", "lasts": "1.002 Tage, 3:00:00,5"})
    assert answer.status_code == 303, answer.text
    stored = timedelta(days=1002, hours=3, milliseconds=500)
    specimen = await session.scalar(select(Specimen))
    assert specimen.lasts == stored
    await session.commit()
    said = {"de": "1.002 Tage, 03:00:00,500000", "en": "1,002 days, 03:00:00.500000"}
    for language, duration in said.items():
        office.client.headers["Accept-Language"] = language
        path = f"/drawer/specimen/{specimen.id}"
        for page in ("/drawer/specimen/", f"{path}/", f"{path}/change/", f"{path}/history/"):
            assert duration in (await office.get(page)).text, (language, page)
        assert (await office.submit(f"{path}/change/", {"name": language})).status_code == 303  # it reads what it wrote
        assert (await session.scalar(select(Specimen.lasts))) == stored
        await session.commit()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_what_a_duration_a_form_of_wtforms_and_a_refused_form_say_is_in_the_language_of_the_page(office):
    office.client.headers["Accept-Language"] = "de"
    assert "Zum Beispiel 2 Tage, 01:30:00" in (await office.get("/drawer/specimen/add/")).text
    answer = await office.submit("/drawer/specimen/add/", {"name": "Ammonite", "lasts": "zwei Tage"})
    assert "Das ist keine Dauer wie 2 Tage, 01:30:00." in answer.text
    assert 'value="zwei Tage"' in answer.text
    answer = await office.submit("/drawer/specimen/add/", {"name": "Ammonite", "lasts": "-2 days, 03:00:00"})
    assert answer.status_code == 303, answer.text
    assert "-2 Tage, 03:00:00" in (await office.get("/drawer/specimen/")).text
    answer = await office.submit("/shelf/book/add/", {"title": "", "pages": "1"})
    assert "Dieses Feld ist erforderlich." in answer.text  # as everywhere else, and not as WTForms has it
    answer = await office.submit("/shelf/book/add/", {"title": "x" * 201, "pages": "1"})
    assert "Feld kann nicht länger als 200 Zeichen sein." in answer.text  # which WTForms alone says
    data = {"csrf_token": await office.token(), "name": "a\0b"}
    answer = await office.client.post("/admin/blog/tag/add/", data=data)
    assert "Das Formular ist kein gültiges UTF-8 oder enthält ein Nullzeichen." in answer.text
    answer = await office.client.get("/admin/blog/tag/?" + "&".join(f"a{number}=1" for number in range(1100)))
    assert re.search(r"Die Abfrage hat mehr als \d+ Parameter\.", answer.text)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "Die Anfrage ist nicht zu verstehen."),
        (409, "Die Anfrage widerspricht dem, was schon gespeichert ist."),
        (418, "Die Anfrage ist nicht zu verstehen."),
        (503, "Der Dienst ist ausgelastet oder seine Datenbank nicht erreichbar."),
        (507, "Bei uns ist etwas schiefgegangen."),
    ],
)
async def test_what_a_plugin_refuses_by_a_status_alone_is_told_in_words_of_the_language(office, status, told):
    office.client.headers["Accept-Language"] = "de"
    answer = await office.submit("/shelf/book/add/", {"title": f"Status {status}", "pages": "1"})
    assert answer.status_code == status
    assert told in answer.text


async def test_a_number_is_typed_as_the_language_of_the_page_has_it_and_given_back_if_it_is_none(office, session):
    office.client.headers["Accept-Language"] = "de"
    page = (await office.get("/drawer/specimen/add/")).text
    assert 'type="number"' not in page  # of which a browser sends nothing if what was typed is no number
    for typed, told in (
        ("3 Mark", "Das ist keine Zahl."),
        ("1.234", "Das kann 1234 oder 1,234 sein: Schreiben Sie es auf eine der beiden Arten."),
    ):
        refused = await office.submit("/drawer/specimen/add/", {"name": "Ammonite", "price": typed})
        assert refused.status_code in {400, 422}
        assert f'value="{typed}"' in refused.text
        assert told in refused.text
    for typed, shown in (("1.234,5", "1234,50"), ("0.25", "0,25"), ("\u22123,5", "-3,50")):
        saved = await office.submit("/drawer/specimen/add/", {"name": typed, "price": typed})
        assert saved.status_code == 303, saved.text
        specimen = await session.scalar(select(Specimen).where(Specimen.name == typed))
        await session.commit()
        assert f"{specimen.price:f}".replace(".", ",") == shown
        path = f"/drawer/specimen/{specimen.id}/change/"
        assert f'value="{shown}"' in (await office.get(path)).text
        assert (await office.submit(path, {})).status_code == 303  # it reads what it wrote
