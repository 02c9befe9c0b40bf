from collections.abc import Sequence
from typing import Any, ClassVar

from sqladmin import expose
from sqladmin.filters import AllUniqueStringValuesFilter, ForeignKeyFilter
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.views import (
    ColumnFilter,
    EmptyFilter,
    ModelAdmin,
    RelationFilter,
    SelectedRows,
    action,
    shown_rows,
)
from tests.contrib.admin.cabinet.models import Folder, Paper


class FolderAdmin(ModelAdmin, model=Folder):
    list_display = ("name", "papers")
    details_display = ("name", "papers", "clips")
    list_filter = (EmptyFilter(Folder.papers),)
    fields = ("name", "papers")
    autocomplete_fields: ClassVar[dict[str, Any]] = {"papers": {"fields": ("title",)}}


class PaperAdmin(ModelAdmin, model=Paper):
    list_display = ("title", "remark", "remark_length", "loud_remark", "folder", "origin", "origin.remark", "level")
    details_display = (*list_display, "clips")
    search_fields = ("title", "remark", "origin.remark", "folder.name")
    sortable_by = ("title", "remark", "remark_length", "folder", "origin")
    sort_paths: ClassVar[dict[str, str]] = {"folder": "folder.name", "origin": "origin.remark"}
    list_filter = (
        ColumnFilter(Paper.remark),
        ColumnFilter(Paper.remark_length, parameter_name="remark_length"),
        AllUniqueStringValuesFilter(Paper.remark, parameter_name="remarks"),
        ForeignKeyFilter(Paper.origin_id, Paper.remark, title="Origin"),
        RelationFilter(Paper.folder),
        EmptyFilter(Paper.folder),
        EmptyFilter(Paper.origin),
    )
    can_import = True
    fields = ("title", "remark", "level", "owner", "folder", "origin")
    autocomplete_fields: ClassVar[dict[str, Any]] = {
        "owner": {"fields": ("username",)},
        "folder": {"fields": ("name",)},
        "origin": {"fields": ("title", "remark"), "order_by": "remark"},
    }

    @expose("/by-folder")
    async def by_folder(self, request: Request) -> Response:
        """Count the papers in each folder, by SQL of its own."""
        counted = select(Folder.name, func.count()).join(Folder.papers).group_by(Folder.name).order_by(Folder.name)
        rows = await self.session.execute(counted.where(shown_rows(request, Folder), shown_rows(request, Paper)))
        return JSONResponse([list(row) for row in rows])

    @action("stamp", "Stamp")
    async def stamp(self, request: Request, papers: Sequence[Paper]) -> str:
        for paper in papers:
            paper.title += " stamped"
        return "Stamped."

    @action("raise", "Raise")
    async def lift(self, request: Request, papers: Sequence[Paper]) -> str:
        for paper in papers:
            paper.level += 2
        return "Raised."

    @action("stamp-together", "Stamp together", rule="stamp")
    async def stamp_together(self, request: Request, papers: SelectedRows[Paper]) -> str:
        return f"{await papers.update(title=Paper.title + ' stamped')} stamped."

    @action("raise-together", "Raise together")
    async def lift_together(self, request: Request, papers: SelectedRows[Paper]) -> str:
        return f"{await papers.update(level=Paper.level + 2)} raised."

    @action("lift-as-stamped", "Lift", rule="stamp")
    async def lift_as_stamped(self, request: Request, papers: Sequence[Paper]) -> str:
        return "Lifted."

    @action("view", "Look")
    async def look(self, request: Request, papers: Sequence[Paper]) -> str:
        return "Looked."


class SortedPaperAdmin(ModelAdmin, model=Paper):
    """Papers by what not everybody may read."""

    identity = "sorted-papers"
    list_display = ("title",)
    ordering = ("-remark",)
    fields = ("title",)


def told(paper: Paper) -> str:
    """Would tell of two papers what not everybody may read."""
    return f"{paper.remark} and {paper.origin.remark if paper.origin else None}"


class ToldPaperAdmin(ModelAdmin, model=Paper):
    """Computes what it shows of what not everybody may read, in lists and forms."""

    identity = "told-papers"
    list_display = ("title", told)
    fields = ("title", "level", "remark", told)
    readonly_fields = (told, "level", "remark")
