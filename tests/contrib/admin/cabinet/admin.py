from collections.abc import Sequence
from typing import Any, ClassVar

from sqladmin.filters import AllUniqueStringValuesFilter, ForeignKeyFilter
from starlette.requests import Request

from dovetail.contrib.admin.views import ColumnFilter, ModelAdmin, RelationFilter, action
from tests.contrib.admin.cabinet.models import Folder, Paper


class FolderAdmin(ModelAdmin, model=Folder):
    column_list = ("name", "papers")
    column_details_list = ("name", "papers", "clips")
    form_columns = ("name", "papers")
    form_ajax_refs: ClassVar[dict[str, Any]] = {"papers": {"fields": ("title",)}}


class PaperAdmin(ModelAdmin, model=Paper):
    column_list = ("title", "remark", "remark_length", "loud_remark", "folder", "origin", "origin.remark", "level")
    column_details_list = (*column_list, "clips")
    column_searchable_list = ("title", "remark", "origin.remark", "folder.name")
    column_sortable_list = ("title", "remark", "remark_length", "folder", "origin")
    column_sort_paths: ClassVar[dict[str, str]] = {"folder": "folder.name", "origin": "origin.remark"}
    column_filters = (
        ColumnFilter(Paper.remark),
        ColumnFilter(Paper.remark_length, parameter_name="remark_length"),
        AllUniqueStringValuesFilter(Paper.remark, parameter_name="remarks"),
        ForeignKeyFilter(Paper.origin_id, Paper.remark, title="Origin"),
        RelationFilter(Paper.folder),
    )
    form_columns = ("title", "remark", "level", "owner", "folder", "origin")
    form_ajax_refs: ClassVar[dict[str, Any]] = {
        "owner": {"fields": ("username",)},
        "folder": {"fields": ("name",)},
        "origin": {"fields": ("title", "remark"), "order_by": "remark"},
    }

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

    @action("lift-as-stamped", "Lift", rule="stamp")
    async def lift_as_stamped(self, request: Request, papers: Sequence[Paper]) -> str:
        return "Lifted."

    @action("view", "Look")
    async def look(self, request: Request, papers: Sequence[Paper]) -> str:
        return "Looked."


class SortedPaperAdmin(ModelAdmin, model=Paper):
    """Papers by what not everybody may read."""

    identity = "sorted-papers"
    column_list = ("title",)
    column_default_sort = ("remark", True)
    form_columns = ("title",)
