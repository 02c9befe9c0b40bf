"""The worlds in the back office."""

from typing import ClassVar

from dovetail.contrib.admin.views import ModelAdmin
from tests.contract.worlds.models import Folder, Label, Note


class NoteAdmin(ModelAdmin, model=Note):
    list_display = ("id", "title", "score", "folder", "labels")
    details_display = ("id", "title", "score", "folder", "labels")
    export_display: ClassVar[list[str]] = ["id", "title", "score", "folder", "labels"]
    search_fields = ("title", "folder.name")
    sortable_by = ("id", "score")
    ordering = ("id",)
    unindexed = ("score", "search")
    fields = ("title", "score", "owner_id", "is_open", "folder")
    autocomplete_fields: ClassVar[dict[str, dict[str, object]]] = {"folder": {"fields": ("name",), "order_by": "name"}}


class FolderAdmin(ModelAdmin, model=Folder):
    list_display = ("id", "name")
    ordering = ("id",)
    fields = ("name", "owner_id", "is_open")


class LabelAdmin(ModelAdmin, model=Label):
    list_display = ("id", "name")
    ordering = ("id",)
    fields = ("name", "owner_id", "is_open")
