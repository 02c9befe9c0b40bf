"""Forms in groups, with fields that nobody writes, and what a form can do besides saving."""

import re

import pytest

from dovetail.contrib.admin.testing import BackOffice, read_form
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from tests.contrib.admin.atelier.models import Painting, Technique


@pytest.fixture
async def sold(session, paintings) -> Painting:
    paintings[1].is_sold = True
    await session.commit()
    return paintings[1]


@pytest.fixture
async def desk(session, make_user, back_office_for) -> BackOffice:
    """That of somebody who may change paintings, and make none."""
    clerk = await make_user(is_staff=True)
    session.add(Permission(name="atelier.change_painting", plugin="atelier", title="Change paintings"))
    await grant(session, clerk, ["atelier.change_painting"])
    await session.commit()
    return await back_office_for(clerk)


async def stored(session, key: int) -> Painting:
    found = await session.get(Painting, key, populate_existing=True)
    await session.commit()
    return found


async def test_a_form_shows_its_groups_and_what_it_does_not_write(office, paintings):
    page = (await office.get(f"/atelier/easel/{paintings[0].id}/change/")).text
    assert re.findall(r'fieldset-title">([^<]+)<', page) == ["Sale"]
    assert '<details class="fieldset">' in page
    assert "When it went." in page
    assert re.findall(r'(?:id="label-field-|col-form-label">)(\w+)', page) == [
        *("title", "slug", "Price", "technique", "is_sold", "Artist", "Painter"),
    ]
    assert re.findall(r"shown-field[^>]*>\s*(.*?)\s*</div>", page, re.DOTALL) == [
        "900",
        f'<a href="/admin/atelier/artist/{paintings[0].artist_id}/change/">Vermeer</a>',
        "Vermeer",
    ]
    assert set(read_form(page)) == {"csrf_token", "_version", "title", "slug", "technique", "is_sold"}


async def test_no_forged_form_writes_what_is_read_only(office, session, paintings):
    forged = {"title": "New", "price": "1", "artist": "", "artist_id": "", "by": "me"}
    assert (await office.submit(f"/atelier/easel/{paintings[0].id}/change/", forged)).status_code == 303
    painting = await stored(session, paintings[0].id)
    assert (painting.title, painting.price, painting.artist_id) == ("New", 900, paintings[0].artist_id)
    assert (await office.submit("/atelier/easel/add/", forged | {"slug": "s"})).status_code == 303
    made = await stored(session, paintings[-1].id + 1)
    assert (made.title, made.price, made.artist_id) == ("New", None, None)


async def test_what_is_read_only_may_depend_on_who_asks_and_on_the_object(office, desk, session, sold, paintings):
    forged = {"title": "Forged", "technique": "ink"}
    await office.submit(f"/atelier/easel/{sold.id}/change/", forged)
    painting = await stored(session, sold.id)
    assert (painting.title, painting.technique) == ("View of Delft", Technique.INK)
    assert 'type="radio"' not in (await desk.get(f"/atelier/easel/{paintings[0].id}/change/")).text
    await desk.submit(f"/atelier/easel/{paintings[0].id}/change/", forged)
    painting = await stored(session, paintings[0].id)
    assert (painting.title, painting.technique) == ("Forged", None)


async def test_a_form_that_is_refused_shows_what_it_does_not_write_as_it_was(office, paintings):
    page = await office.submit(f"/atelier/easel/{paintings[0].id}/change/", {"title": ""})
    assert page.status_code == 400
    assert "Vermeer" in page.text
    assert "900" in page.text


async def test_a_group_that_is_folded_opens_where_something_in_it_is_wrong(office, paintings):
    page = await office.submit(f"/atelier/easel/{paintings[0].id}/change/", {"is_sold": "perhaps"})
    assert page.status_code == 400
    assert '<details class="fieldset" open>' in page.text


async def test_a_choice_can_be_made_by_buttons(office, session, paintings):
    page = (await office.get(f"/atelier/easel/{paintings[0].id}/change/")).text
    assert len(re.findall(r'type="radio" name="technique"', page)) == 3
    assert (await office.submit(f"/atelier/easel/{paintings[0].id}/change/", {"technique": "oil"})).status_code == 303
    assert (await stored(session, paintings[0].id)).technique is Technique.OIL
    assert read_form((await office.get(f"/atelier/easel/{paintings[0].id}/change/")).text)["technique"] == ["oil"]


async def test_a_form_edits_all_that_is_not_excluded(office, session, paintings):
    page = (await office.get(f"/atelier/open/{paintings[0].id}/change/")).text
    assert set(read_form(page)) - {"csrf_token", "_version"} == {
        *("title", "slug", "technique", "price", "is_sold", "painted_on"),
    }
    assert "THE MILKMAID" in page
    await office.submit(f"/atelier/open/{paintings[0].id}/change/", {"price": "7", "story": "Forged.", "shouted": "x"})
    painting = await stored(session, paintings[0].id)
    assert (painting.price, painting.story) == (7, "She pours milk.")


async def test_an_object_is_saved_as_a_new_one(office, session, paintings):
    key = paintings[-1].id
    answer = await office.submit(f"/atelier/easel/{paintings[0].id}/change/", {"save": "new", "title": "A copy"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/atelier/easel/{key + 1}/change/")
    copy, first = await stored(session, key + 1), await stored(session, paintings[0].id)
    assert (copy.title, copy.slug, copy.price, first.title) == ("A copy", "milkmaid", None, "The Milkmaid")
    answer = await office.submit(f"/atelier/open/{paintings[0].id}/change/", {"save": "new", "_version": "old"})
    assert answer.headers["location"] == "/admin/atelier/open/"
    assert (await stored(session, key + 2)).price == 900


async def test_a_copy_takes_what_a_new_object_takes_and_no_more(office, session, paintings):
    forged = {"save": "new", "title": "A copy", "is_sold": "true"}
    assert (await office.submit(f"/atelier/easel/{paintings[0].id}/change/", forged)).status_code == 303
    copy = await stored(session, paintings[-1].id + 1)
    assert (copy.title, copy.is_sold) == ("A copy", None)
    refused = await office.submit(f"/atelier/easel/{paintings[0].id}/change/", forged | {"title": ""})
    assert (refused.status_code, "The Milkmaid</h1>" in refused.text) == (400, True)
    assert 'name="is_sold"' not in refused.text


async def test_nobody_saves_as_new_who_may_not_add_or_where_the_view_does_not_say_so(office, desk, paintings):
    edit = f"/atelier/easel/{paintings[0].id}/change/"
    assert "Save as new" not in (await desk.get(edit)).text
    assert (await desk.submit(edit, {"save": "new"})).status_code == 403
    plain = f"/atelier/painting/{paintings[0].id}/change/"
    assert "Save as new" not in (await office.get(plain)).text
    assert (await office.submit(plain, {"save": "new"})).status_code == 403


async def test_buttons_stand_on_top_where_the_view_says_so(office, paintings):
    assert (await office.get("/atelier/easel/add/")).text.count('value="continue"') == 2
    assert (await office.get("/atelier/open/add/")).text.count('value="continue"') == 1


async def test_an_object_has_a_link_to_its_page_on_the_site(office, session, paintings):
    for page in ("", "change/"):
        text = (await office.get(f"/atelier/easel/{paintings[0].id}/{page}")).text
        assert '<a class="btn" href="/gallery/milkmaid">View on site</a>' in text
    paintings[0].slug = ""
    await session.commit()
    assert "View on site" not in (await office.get(f"/atelier/easel/{paintings[0].id}/change/")).text
    links = {
        "atelier/artist": ["/artists/vermeer"],
        "atelier/hermit": [],
        "atelier/patron": [f"/patrons/{paintings[0].artist_id}"],
    }
    for identity, found in links.items():
        text = (await office.get(f"/{identity}/{paintings[0].artist_id}/change/")).text
        assert re.findall('href="([^"]+)">View on site', text) == found, identity


async def test_a_new_form_begins_with_what_its_address_says_and_the_view_allows(office):
    page = await office.get("/atelier/easel/add/", title="From here", technique="ink", price="5", is_sold="true", x="y")
    form = read_form(page.text)
    assert (form["title"], form["technique"], "price" in form) == (["From here"], ["ink"], False)
    assert "is_sold" not in form
    begun = (await office.get("/atelier/artist/add/", name="Rembrandt", country="XX", is_living="perhaps")).text
    assert 'value="Rembrandt"' in begun
    assert 'value="XX"' not in begun  # which nobody writes
    undecided = read_form((await office.get("/atelier/open/add/", is_sold="perhaps", price="much")).text)
    assert (undecided["is_sold"] in ([], ["__None"], [""]), undecided["price"]) == (True, [""])
    assert 'data-prepopulated-from="title"' in page.text


async def test_hooks_keep_even_superusers_from_what_they_may_do_otherwise(office, session, sold, paintings):
    free, sheet = paintings[0], paintings[3]
    page = (await office.get("/atelier/guarded/")).text
    assert "New painting" not in page
    assert f"/atelier/guarded/{free.id}/change/" in page
    assert f"/atelier/guarded/{sold.id}/change/" not in page
    assert (await office.get("/atelier/guarded/add/")).status_code == 403
    assert (await office.get(f"/atelier/guarded/{sold.id}/change/")).status_code == 403
    assert (await office.get(f"/atelier/guarded/{sold.id}/")).status_code == 200
    assert (await office.get(f"/atelier/guarded/{sheet.id}/")).status_code == 403
    both = {"pks": [str(free.id), str(sold.id)], "confirmed": "yes"}
    assert (await office.post("/atelier/guarded/delete/", both)).status_code == 403
    assert (await stored(session, free.id)) is not None
    assert (await office.submit(f"/atelier/guarded/{free.id}/change/", {"title": "Free"})).status_code == 303


async def test_fields_groups_and_what_is_left_out_may_depend_on_the_object(office, session, sold, paintings):
    async def named(path: str) -> set[str]:
        return set(read_form((await office.get(f"/atelier/by-object/{path}")).text)) - {"csrf_token", "_version"}

    assert await named("add/") == {"title", "slug", "price"}
    assert 'data-prepopulated-from="title"' in (await office.get("/atelier/by-object/add/")).text
    assert await named(f"{paintings[0].id}/change/") == {"title"}
    assert await named(f"{paintings[2].id}/change/") == {"title", "price"}
    assert await named(f"{sold.id}/change/") == {"story"}
    assert "Hals" in (await office.get(f"/atelier/by-object/{paintings[2].id}/change/")).text
    await office.submit(
        f"/atelier/by-object/{paintings[0].id}/change/", {"price": "1", "story": "Forged.", "title": "New"}
    )
    painting = await stored(session, paintings[0].id)
    assert (painting.title, painting.price, painting.story) == ("New", 900, "She pours milk.")
