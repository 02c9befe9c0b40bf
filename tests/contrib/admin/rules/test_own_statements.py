"""A page or a filter with SQL of its own asks the policies by one function; what does not is named or refused."""

from typing import Any, ClassVar

import pytest
from sqladmin import BaseView, expose
from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dovetail.contrib.admin.checks.own_statements import check_own_statements
from dovetail.contrib.admin.permissions import Rights
from dovetail.contrib.admin.views import ModelAdmin, shown_rows
from dovetail.contrib.auth.access import visible_rows
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.held import load_permissions
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context, Plugin
from tests.contrib.admin.cabinet.models import Clip, Folder, Paper
from tests.contrib.admin.cabinet.policies import FOLDERS, PAPERS


async def test_a_page_of_ones_own_counts_what_lists_would_show(cabinet, make_user, back_office_for):
    assert (await cabinet.office.get("/cabinet/paper/by-folder")).json() == [["Open folder", 3]]  # without High
    root = await back_office_for(await make_user(username="root", is_superuser=True))
    assert (await root.get("/cabinet/paper/by-folder")).json() == [["Open folder", 2]]  # none is hers


async def test_what_an_endpoint_counts_is_what_the_policy_lets_its_user_view(cabinet, session):
    async def titles(viewer, model=Paper, action="view"):
        return set(await session.scalars(select(model.title).where(visible_rows(viewer, model, action))))

    clara = await session.get_one(User, cabinet.clara.id)
    await load_permissions(session, clara)
    assert await titles(clara) == {"Low", "Mine", "Locked", "Foreign"}
    assert await titles(clara, action="delete") == {"Low"}
    for viewer in (None, clara):  # no policy is registered for clips, and clara lacks the permission
        assert (await session.scalars(select(Clip).where(visible_rows(viewer, Clip)))).all() == []


class Marked:
    """A filter that asks another table."""

    title, parameter_name, has_operator, template = "Marked", "marked", False, "sqladmin/filters/lookup_filter.html"

    async def lookups(self, request: Request, model: Any, run_query: Any) -> list[tuple[str, str]]:
        return []

    async def get_filtered_query(self, query: Any, value: Any, model: Any) -> Any:
        return query.where(Paper.id.in_(select(Clip.paper_id).where(Clip.name == value)))


class PaperDesk(ModelAdmin, model=Paper):
    list_display = ("title",)
    list_filter = (Marked(),)
    fields = ("title",)

    @expose("/all")
    async def everything(self, request: Request) -> Response:
        return PlainTextResponse(str(await self.session.scalar(_counted())))


def _counted() -> Any:
    return select(func.count()).select_from(Paper).join(Folder)


class Quiet(BaseView):
    name: ClassVar[str] = "Quiet"

    @expose("/narrowed")
    async def narrowed(self, request: Request) -> Response:
        return PlainTextResponse(str(select(Paper.id).where(shown_rows(request, Paper))))

    @expose("/nothing")
    async def nothing(self, request: Request) -> Response:
        return PlainTextResponse("no rows")


def test_code_that_reads_a_model_and_asks_no_policy_is_named(make_settings):
    views = (PaperDesk, Quiet)
    plugin = Plugin(name="cabinet", models=(Paper, Folder, Clip), policies={Paper: PAPERS, Folder: FOLDERS})
    plugin = Plugin(**{**vars(plugin), "admin_views": views})
    context = Context(settings=make_settings(), database=None, plugins=[plugin], plugin_settings={})
    found = list(check_own_statements(context))
    assert [(one.id, one.message) for one in found] == [
        (
            "admin.I001",
            "PaperDesk: the page everything() reads Folder, Paper by SQL of its own, which no policy narrows.",
        ),
        ("admin.I001", "PaperDesk: Marked.get_filtered_query() reads Clip by SQL of its own, which no policy narrows."),
    ]
    assert "shown_rows(request, Folder)" in found[0].hint


@pytest.mark.parametrize("statement", [select(func.count()).select_from(Paper), select(aliased(Paper).title)])
def test_choices_of_which_it_cannot_be_told_whose_rows_they_are_are_refused(statement):
    with pytest.raises(ConfigurationError, match=r"run it yourself with shown_rows"):
        Rights.only_visible(object.__new__(Rights), statement)
