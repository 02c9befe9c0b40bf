"""The back office shows the rows of a view and offers nothing that would change them."""

import pytest

from dovetail.application import make_application
from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import ModelAdmin, TabularInline
from dovetail.testing.fixtures import running
from tests.unmanaged.models import Sale, Total, make


@pytest.fixture
def settings(make_settings, settings_class, database_url):
    plugins = (*settings_class.model_fields["plugins"].default, "tests.unmanaged")
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings):
    async with running(make_application(settings)) as app:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(make)
        yield app


@pytest.fixture
async def office(make_user, back_office_for):
    return await back_office_for(await make_user(username="boss", is_superuser=True))


async def test_rows_of_a_view_are_listed_and_shown_and_nothing_is_offered_that_writes(office):
    page = (await office.get("/unmanaged/total/")).text
    assert "milk" in page
    assert "tea" in page
    assert not any(f"/unmanaged/total/{place}/" in page for place in ("add", "tea/change", "tea/delete", "import"))
    details = await office.get("/unmanaged/total/tea/")
    assert details.status_code == 200
    assert "/change/" not in details.text


CHANGING = ["add", "tea/change", "tea/delete", "import"]


async def test_a_page_that_would_change_a_view_is_refused(office):
    for page in CHANGING:
        assert (await office.get(f"/unmanaged/total/{page}/")).status_code in {403, 404}, page


async def test_a_row_of_another_programs_table_is_changed_and_deleted(office, session):
    await office.submit("/unmanaged/sale/1/change/", {"article": "cake", "amount": "7"})
    assert (await session.get(Sale, 1)).article == "cake"


def test_a_view_that_may_edit_what_nobody_writes_to_is_refused():
    class Editing(ModelAdmin, model=Total):
        list_display = (Total.article,)
        fields = (Total.amount,)
        can_edit = True

    assert find_problems(Editing) == ["Editing: can_edit is on, and the table of Total is read_only; leave it out"]


def test_an_inline_of_what_nobody_writes_to_is_refused():
    class Totals(TabularInline, model=Total):
        fields = (Total.amount,)

    class WithTotals(ModelAdmin, model=Sale):
        list_display = (Sale.article,)
        fields = (Sale.article,)
        inlines = (Totals,)

    assert "nobody writes to the table of Total, which is read_only" in " ".join(find_problems(WithTotals))
