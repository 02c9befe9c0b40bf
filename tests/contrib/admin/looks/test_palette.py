"""The palette (Ctrl-K), which obeys the policies, and the keys of the back office, which can be turned off."""

import re

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from dovetail.contrib.admin.looks.palette import OBJECTS
from dovetail.contrib.admin.models import Preference
from dovetail.contrib.auth.permissions.grants import grant
from plugins.blog.models import Post, Tag
from tests.contrib.admin.entering import log_in
from tests.contrib.admin.shelf.models import Box, Keeper, Note


@pytest.fixture
def settings(request, settings, make_settings, database_url):
    """The site as it is, but where a test looks at the notes of the plugins of tests."""
    return settings if "notes" in request.node.name else make_settings(database_url=database_url)


@pytest.fixture
async def posts(session, boss):
    tag = Tag(name="heron")
    rows = [Post(title=f"The heron {n}", content="x", author_id=boss.id, is_published=n > 0) for n in range(3)]
    rows[0].tags = [tag]
    session.add_all(rows)
    await session.commit()
    return rows


@pytest.fixture
async def reader(session, make_user, back_office_for):
    """Somebody who may look at posts, and at nothing else."""
    user = await make_user(username="reader", is_staff=True)
    await grant(session, user, ["blog.view_post"])
    await session.commit()
    return await back_office_for(user)


async def found(office, term: str = "", **more) -> dict[str, list[str]]:
    answer = await office.get("/palette", term=term, **more)
    assert answer.status_code == 200, answer.text
    return {group["title"]: [one["text"] for one in group["entries"]] for group in answer.json()["groups"]}


def told_places(answer) -> list[dict[str, str]]:
    groups = {group["title"]: group["entries"] for group in answer.json()["groups"]}
    return groups["Go to"][1:]


def identities_of(places: list[dict[str, str]]) -> list[str]:
    return [place["address"].removeprefix("/admin/").rstrip("/") for place in places]


async def test_it_finds_pages_actions_and_objects_as_far_as_the_policies_let_them_be_found(
    office, posts, reader, count_statements
):
    titles = [post.title for post in posts]
    everything = await found(office, "heron")
    assert sorted(everything["Objects"]) == sorted([*titles, "heron"])
    assert await found(office, "new post") == {"Do": ["New post"]}
    assert "Users" in (await found(office))["Go to"]
    told = (await office.get("/palette", term="heron 1")).json()
    (address,) = [one["address"] for group in told["groups"] for one in group["entries"]]
    assert (await office.client.get(address)).status_code == 200

    pages = ["Start", "Trash", "Posts", "Blog", "Your account", "View site", "API documentation"]
    assert await found(reader) == {"Go to": pages}
    for term, own in (("trash", "Trash"), ("api doc", "API documentation"), ("overview", "Blog")):
        (place,) = (await reader.get("/palette", term=term)).json()["groups"][0]["entries"]
        assert (place["text"], (await reader.client.get(place["address"])).status_code) == (own, 200)
    identities = [
        view["address"].removeprefix("/admin/").rstrip("/") for view in told_places(await office.get("/palette"))
    ]
    kept = {"recent": [f"{identity}:{posts[0].id}" for identity in identities]}
    assert (await found(reader, **kept))["Recent"] == [posts[0].title]
    assert len((await found(office, **kept))["Recent"]) > 1
    assert sorted((await found(reader, "heron"))["Objects"]) == sorted(titles)
    with count_statements() as statements:
        await reader.get("/palette", term="heron")
    office.client.headers["Accept-Language"] = "de"
    kinds = [group["entries"] for group in (await office.get("/palette", term="heron")).json()["groups"]]
    assert {one["note"] for entries in kinds for one in entries} == {"Beitrag", "Schlagwort"}
    assert len(statements) <= 3  # who is there, the posts; on PostgreSQL, which words are frequent


async def test_of_a_model_it_shows_a_few_objects_and_of_one_letter_none(office, posts, session, boss, count_statements):
    session.add_all([Post(title=f"A crane {n}", content="x", author_id=boss.id) for n in range(OBJECTS + 3)])
    await session.commit()
    assert len((await found(office, "crane"))["Objects"]) == OBJECTS
    assert "Objects" not in await found(office, "c")
    with count_statements() as few:
        await office.get("/palette", term="heron")
    session.add_all([Post(title=f"A heron {n}", content="x", author_id=boss.id) for n in range(20)])
    await session.commit()
    with count_statements() as many:
        await office.get("/palette", term="heron")
    assert len(many) == len(few)


async def test_notes_that_a_view_hides_are_not_found_by_boxes_either_and_a_slow_view_holds_up_no_other(
    office, session, boss, make_user
):
    other = await make_user()
    own, foreign = Note(title="Own remark", writer_id=boss.id), Note(title="Foreign secret", writer_id=other.id)
    keeper = Keeper(name="Kim")
    session.add_all([own, foreign, keeper])
    session.add_all([Box(name="Mine", note=own, keeper=keeper), Box(name="Theirs", note=foreign, keeper=keeper)])
    await session.commit()
    places = told_places(await office.get("/palette"))
    identities = identities_of([place for place in places if place["text"] == "Notes"])
    kept = [f"{identity}:{note.id}" for identity in identities for note in (own, foreign)]
    assert (await found(office, recent=kept))["Recent"] == ["Own remark"]
    assert "Objects" not in await found(office, "secret")
    answer = await office.get("/palette", term="remark")
    assert [one["title"] for one in answer.json()["groups"]] == ["Objects"]
    assert answer.json()["is_complete"] is False  # one of the plugin's views takes a minute, and is not waited for


@pytest.mark.browser
@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_keys_lead_through_the_site_and_single_ones_can_be_turned_off(browser_page: Page, posts, session, boss):
    page = browser_page
    await log_in(page, "/admin/", "Welcome")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("heron 2")
    await page.keyboard.press("Enter")  # what is being looked for is waited for
    await expect(page.get_by_role("heading", name="The heron 2")).to_be_visible()
    await page.wait_for_load_state()
    await page.get_by_label("Title").press("?")  # is typed
    await expect(page.get_by_label("Title")).to_have_value("?The heron 2")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("alert")).to_contain_text("?The heron 2 was saved.")
    await page.wait_for_load_state()
    await page.keyboard.press("/")
    search = page.get_by_role("search").get_by_role("searchbox")
    await expect(search).to_be_focused()
    await search.blur()
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.get_by_text(re.compile("1 .*selected"))).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.get_by_role("button", name="Publish", exact=True)).to_be_focused()
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_be_visible()
    async with page.expect_response("**/admin/shortcuts"):
        await sheet.get_by_label("Single keys").uncheck()
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await page.reload()
    await page.keyboard.press("n")
    await page.keyboard.press("?")
    await expect(sheet).to_be_hidden()
    await expect(page.get_by_role("heading", name="Posts")).to_be_visible()
    assert await session.scalar(select(Preference.shortcuts).where(Preference.user_id == boss.id)) is False
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.get_by_role("button", name="Go to").click()
    options = page.get_by_role("dialog", name="Go to", exact=True).get_by_role("option")
    await expect(options.first).to_contain_text("?The heron 2")  # where one was lately
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Go to")).to_be_focused()
