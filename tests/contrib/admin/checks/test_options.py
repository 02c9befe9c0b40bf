"""Every option of a view with odd values: it is refused at the start in one line, or every page of the view works."""

import re

import pytest

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.testing import read_form
from tests.contrib.admin.drawer.models import Pair, Shelf, Specimen
from tests.contrib.admin.oddities.table import REFUSED, WORKS, refused, views
from tests.contrib.admin.test_kinds_of_attributes import FULL


@pytest.fixture
def settings(make_settings, settings_class, database_url):
    more = ("tests.contrib.admin.drawer", "tests.contrib.admin.oddities")
    plugins = (*settings_class.model_fields["plugins"].default, *more)
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.mark.parametrize(
    ("options", "words"), REFUSED, ids=[f"{number} {words}" for number, (_, words) in enumerate(REFUSED)]
)
def test_what_would_not_work_is_refused_in_one_line(options, words):
    problems = find_problems(refused(options))
    assert words in "\n".join(problems)
    assert all("\n" not in problem and problem.startswith("OddAdmin: ") for problem in problems)


def test_nothing_that_works_is_refused():
    assert [find_problems(view) for view in views()] == [[] for _ in views()]


async def test_every_page_of_every_view_works(office, session, boss):
    full = Specimen(**FULL, shelf=Shelf(key="a/b#c", label="Upper shelf"), owner_id=boss.id)
    session.add_all(
        [full, Specimen(name="Bare", whole=3), Pair(left=FULL["token"], right=FULL["found_on"], title="One")]
    )
    await session.commit()
    keys = {Specimen: str(full.id), Pair: f"{FULL['token']};{FULL['found_on']}"}
    followed: set[tuple[type[object], str]] = set()
    for view in views():
        answers = [answer async for answer in visit(office, view, keys[view.model], followed)]
        assert [(path, status) for path, status in answers if status not in {200, 303}] == [], view.__dict__
    assert len(list(views())) == len(WORKS) + 1


async def visit(office, view, key: str, followed: set[tuple[type[object], str]]):
    """Open every page of a view and what it leads to, and send each form as it is; yields paths with their statuses.

    A link of a list that another view of the model had too is in `followed`, and was.
    """
    list_page = await office.get(f"/{view.identity}/")
    yield "list", list_page.status_code
    yield "search", (await office.get(f"/{view.identity}/", search="ammonite 3")).status_code
    for found in dict.fromkeys(re.findall(r'href="(\?[^"]*)"', list_page.text)):
        path = found.replace("&amp;", "&")
        if (view.model, path) in followed:
            continue
        followed.add((view.model, path))
        yield path, (await office.get(f"/{view.identity}/{path}")).status_code
    for name in chosen_relations(view) if view.can_create or view.can_edit else ():
        yield name, (await office.get(f"/{view.identity}/lookup/", name=name)).status_code
        yield name, (await office.get(f"/{view.identity}/lookup/", name=name, term="a")).status_code
    if view.can_view_details:
        yield "details", (await office.get(f"/{view.identity}/{key}/")).status_code
    if view.can_edit:
        yield "edit", (await office.submit(f"/{view.identity}/{key}/change/", {})).status_code
        assert read_form((await office.get(f"/{view.identity}/{key}/change/")).text)
    if view.can_create:
        yield "create", (await office.get(f"/{view.identity}/add/")).status_code
    for kind in view.export_types if view.can_export else ():
        yield kind, (await office.get(f"/{view.identity}/export/{kind}/")).status_code
