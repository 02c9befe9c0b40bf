"""A view and a site bring templates of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client, running
from plugins.blog.models import Tag

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
PAGES = {"list": "of the list", "add": "of a new one", "change": "of a change", "details": "of a page"}
DELETIONS = {"delete": "one", "delete-selected": "several"}


@pytest.fixture
def settings(make_settings, settings_class, database_url, tmp_path: Path) -> Settings:
    for name in PAGES:
        path = tmp_path / "project" / "templates" / "tagged" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("our own {{ said }} called {{ model_view.name }}")
    for name, said in DELETIONS.items():
        path.with_name(f"{name}.html").write_text(f"of {said}: {{{{ rows | join(', ') }}}}")
    start = tmp_path / "project" / "templates" / "sqladmin" / "index.html"
    start.parent.mkdir()
    start.write_text('{% extends "sqladmin/layout.html" %}{% block heading %}Our own start{% endblock %}')
    plugins = (*settings_class.model_fields["plugins"].default, "tests.contrib.admin.templated")
    return make_settings(database_url=database_url, plugins=plugins, base_dir=tmp_path, site_name="The Gazette")


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


async def test_a_view_may_bring_templates_of_its_own(office, session):
    tag = Tag(name="python")
    session.add(tag)
    await session.commit()
    paths = ("", "add/", f"{tag.id}/change/", f"{tag.id}/")
    for path, said in zip(paths, PAGES.values(), strict=True):
        assert (await office.get(f"/templated/tagged/{path}")).text == f"our own {said} called Tag"


async def test_a_view_may_bring_templates_for_the_deletion_of_one_object_and_of_several(office, session):
    session.add_all(tags := [Tag(id=1, name="python"), Tag(id=2, name="sql")])  # they come in the order of their keys
    await session.commit()
    keys = [str(tag.id) for tag in tags]
    assert (await office.get("/templated/tagged/delete/", pks=keys[0])).text == "of one: python"
    assert (await office.post("/templated/tagged/delete/", {"pks": keys})).text == "of several: python, sql"


async def test_a_site_has_its_own_name_and_start(office):
    page = (await office.get("/")).text
    assert ">Our own start</h1>" in page
    assert "The Gazette</title>" in page
    assert "<span>The Gazette</span>" in page


async def test_a_plugin_brings_templates_by_folder_as_a_project_does_which_wins(office, session, settings):
    session.add(tag := Tag(name="python"))
    await session.commit()
    assert ">What became of it</h1>" in (await office.get(f"/templated/tagged/{tag.id}/history/")).text
    own = settings.base_dir / "project" / "templates" / "admin" / "templated" / "tagged" / "object_history.html"
    own.parent.mkdir(parents=True)
    own.write_text(
        "{% extends 'admin/templated/tagged/object_history.html' %}"
        "{% block pretitle %}Ours: {{ super() }}{% endblock %}"
    )
    async with running(make_application(settings)) as app, make_client(app) as client:
        client.cookies = office.client.cookies
        page = (await client.get(f"/admin/templated/tagged/{tag.id}/history/")).text
        assert ">What became of it</h1>" in page
        assert '<div class="page-pretitle">Ours: ' in page
