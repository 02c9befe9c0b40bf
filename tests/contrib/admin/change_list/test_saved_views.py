"""Users choose the columns of a list, and keep its filters, order and columns under names, for themselves or all."""

import re

import pytest
from sqlalchemy import func, select

from dovetail.contrib.admin.models import SavedView
from dovetail.contrib.admin.saved_views import stored
from dovetail.contrib.auth.models import Permission
from dovetail.contrib.auth.permissions.grants import grant
from tests.contrib.admin.options.test_columns import headings, titles

COLUMNS = ["Label", "Weight", "Stage", "Is paid", "Sent on", "Courier"]


def links(page) -> dict[str, str]:
    """The saved views that a list offers, each with its address."""
    found = re.findall(r'<a class="list-view[^>]*href="(.*?)">(.*?)</a>', page.text, re.DOTALL)
    return {" ".join(re.sub("<[^>]+>", "", name).split()): link.replace("&amp;", "&") for link, name in found}


async def test_columns_are_chosen_put_in_order_and_kept_with_their_widths(office, parcels, path_to):
    page = await office.get(path_to("parcels"))
    assert headings(page)[:-1] == COLUMNS
    choice = {
        "show-stage": "1",
        "place-stage": "1",
        "show-label": "1",
        "place-label": "2",
        "width-label": "333",
        "do": "save",
    }
    choice |= {"show-note": "1", "place-note": "3", "show-hashed_password": "1", "width-stage": "5"}
    answer = await office.post(f"{path_to('parcels', 'list-columns')}?stage=waiting&page=2", choice)
    assert answer.headers["location"] == f"/admin{path_to('parcels')}?stage=waiting&page=2"
    page = await office.get(path_to("parcels"))
    assert headings(page)[:-1] == ["Stage", "Label", "Note"]
    assert re.findall(r'data-column="(\w+)" data-width="(\d+)"', page.text) == [("label", "333")]
    assert "Label" not in headings(await office.get(path_to("couriers")))
    exported = await office.get(path_to("parcels", "export", export_type="csv"))
    assert exported.text.splitlines()[0].startswith("Label,Weight,")
    answer = await office.post(path_to("parcels", "list-columns"), {"do": "save"})
    assert "Choose one at least." in (await office.get(path_to("parcels"))).text
    await office.post(path_to("parcels", "list-columns"), {"do": "reset"})
    assert headings(await office.get(path_to("parcels")))[:-1] == COLUMNS


async def test_a_view_is_saved_chosen_begun_with_renamed_and_deleted(office, parcels, path_to, session):
    views = path_to("parcels", "list-views")
    await office.post(path_to("parcels", "list-columns"), {"do": "save", "show-label": "1", "show-stage": "1"})
    answer = await office.post(
        f"{views}?stage=waiting&stage=delivered&sortBy=weight&sort=desc&page=3", {"do": "save", "name": " To  do "}
    )
    await office.post(path_to("parcels", "list-columns"), {"do": "reset"})
    page = await office.get(path_to("parcels"))
    assert titles(page) == ["Anvil", "Book", "Chair", "Dice"]
    (key,) = (await session.scalars(select(SavedView.id).where(SavedView.name == "To do"))).all()
    await session.commit()
    kept = f"?stage=waiting&stage=delivered&sortBy=weight&sort=desc&view={key}"
    assert links(page) == {"All": "?view=all", "To do": kept}
    assert answer.headers["location"] == f"/admin{path_to('parcels')}{kept}"
    page = await office.get(f"{path_to('parcels')}{kept}")
    assert sorted(titles(page)) == ["Anvil", "Book", "Dice"]
    assert titles(page)[0] == "Anvil"
    assert headings(page)[:-1] == ["Label", "Stage"]
    assert 'class="list-view active" aria-current="true"' in page.text
    await office.post(
        f"{views}?is_paid=true&view={key}", {"do": "replace", "key": str(key), "name": "Paid", "is_default": "1"}
    )
    first = await office.get(path_to("parcels"))
    assert first.headers["location"] == f"/admin{path_to('parcels')}?is_paid=true&view={key}"
    assert titles(await office.get(path_to("parcels"), view="all")) == ["Anvil", "Book", "Chair", "Dice"]
    for name, told in (
        ("Paid", "You have a view of this name already."),
        ("", "A view needs a name"),
        ("x" * 61, "A view"),
    ):
        await office.post(views, {"do": "save", "name": name})
        assert told in (await office.get(path_to("parcels"), view="all")).text
    await office.post(views, {"do": "delete", "key": str(key)})
    assert links(await office.get(path_to("parcels"))) == {}


async def test_as_many_views_are_saved_as_are_kept_however_the_list_is_laid_out(
    office, parcels, path_to, session, monkeypatch
):
    monkeypatch.setattr(stored, "MOST", 2)
    await office.post(path_to("parcels", "list-columns"), {"do": "save", "show-label": "1"})
    for name in ("One", "Two", "Three"):
        await office.post(path_to("parcels", "list-views"), {"do": "save", "name": name})
    names = select(SavedView.name).where(SavedView.name != "").order_by(SavedView.id)
    assert (await session.scalars(names)).all() == ["One", "Two"]


@pytest.fixture
async def readers(make_user, back_office_for, session):
    """The desk of somebody who may look at parcels, and of somebody who may not."""
    session.add(Permission(name="depot.view_parcel", plugin="depot", title="See parcels"))
    users = [await make_user(username=name, is_staff=True) for name in ("reader", "stranger")]
    await grant(session, users[0], ["depot.view_parcel"])
    await session.commit()
    return [await back_office_for(user) for user in users]


async def test_a_shared_view_shows_nobody_more_than_they_may_see_and_is_changed_by_nobody_else(
    office, parcels, path_to, session, readers
):
    views, (desk, stranger) = path_to("parcels", "list-views"), readers
    for name, shared in (("Mine", {}), ("Ours", {"is_shared": "1", "is_default": "1"})):
        await office.post(f"{views}?is_paid=true", {"do": "save", "name": name, **shared})
    mine, ours = (await session.scalars(select(SavedView.id).order_by(SavedView.name))).all()
    await session.commit()
    page = await desk.get(path_to("parcels"))
    assert links(page) == {"All": "?view=all", "Ours by boss": f"?is_paid=true&view={ours}"}
    assert titles(page) == ["Anvil", "Book", "Chair", "Dice"]  # what others begin with is theirs
    assert "Save view" in (await desk.get(path_to("parcels"), view=str(ours))).text
    for key in (mine, ours, 999, "x"):
        for what in ("save", "replace", "delete"):
            answer = await desk.post(f"{views}?is_paid=true&view={key}", {"do": what, "key": str(key), "name": "Taken"})
            is_gone = key != "x" or what == "delete"
            assert (answer.status_code, answer.headers["location"].endswith("?is_paid=true&view=all")) == (303, is_gone)
            told = (await desk.get(path_to("parcels"))).text
            assert ("This view is not there any more, so nothing was saved." in told) == is_gone, (key, what)
    assert await session.scalar(select(func.count()).where(SavedView.name.in_(["Mine", "Ours"]))) == 2
    await session.commit()
    answer = await stranger.post(views, {"do": "save", "name": "Peep"})
    assert answer.status_code == 403


async def test_an_empty_list_says_what_to_do(office, path_to, parcels):
    nothing = (await office.get(path_to("parcels"), search="zzz")).text
    assert "Nothing matches." in nothing
    assert '<a class="btn" href="?view=all">Clear search and filters</a>' in nothing
    for one in ("parcels", "couriers"):
        assert "There is nothing here yet." not in (await office.get(path_to(one), sortBy="", sort="")).text


async def test_a_list_without_rows_offers_to_make_one(office, path_to):
    page = (await office.get(path_to("couriers"), sort="desc")).text
    assert "There is nothing here yet." in page
    assert page.count(f'href="/admin{path_to("couriers", "create")}"') == 2


async def test_a_view_that_does_not_fit_the_list_any_more_says_so_and_can_be_deleted(office, parcels, path_to, session):
    views = path_to("parcels", "list-views")
    await office.post(f"{views}?sortBy=weight", {"do": "save", "name": "Old", "is_default": "1"})
    saved = (await session.scalars(select(SavedView))).one()
    saved.query = "sortBy=a_column_of_last_year"
    await session.commit()

    begun = await office.client.get(office.root + path_to("parcels"), follow_redirects=True)  # which begins with it
    assert begun.status_code == 200, begun.text
    assert "The view Old does not fit this list any more" in begun.text
    assert titles(begun) == ["Anvil", "Book", "Chair", "Dice"]
    assert (await office.get(path_to("parcels"), sortBy="a_column_of_last_year")).status_code == 400
    await office.post(f"{views}?view={saved.id}", {"do": "delete", "key": str(saved.id)})
    assert titles(await office.get(path_to("parcels"))) == ["Anvil", "Book", "Chair", "Dice"]
