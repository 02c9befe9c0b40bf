"""The worlds in the back office."""

from typing import ClassVar

from dovetail.contrib.admin.views import ModelAdmin
from tests.contract.worlds.models import Folder, Label, Note


class NoteAdmin(ModelAdmin, model=Note):
    column_list = ("id", "title", "score", "folder", "labels")
    column_details_list = ("id", "title", "score", "folder", "labels")
    column_export_list: ClassVar[list[str]] = ["id", "title", "score", "folder", "labels"]
    column_searchable_list = ("title", "folder.name")
    column_sortable_list = ("id", "score")
    column_default_sort = "id"
    unindexed = ("score", "search")
    form_columns = ("title", "score", "owner_id", "is_open", "folder")
    form_ajax_refs: ClassVar[dict[str, dict[str, object]]] = {"folder": {"fields": ("name",), "order_by": "name"}}


class FolderAdmin(ModelAdmin, model=Folder):
    column_list = ("id", "name")
    column_default_sort = "id"
    form_columns = ("name", "owner_id", "is_open")


class LabelAdmin(ModelAdmin, model=Label):
    column_list = ("id", "name")
    column_default_sort = "id"
    form_columns = ("name", "owner_id", "is_open")
