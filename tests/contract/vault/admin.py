"""The views of the vault."""

from dovetail.contrib.admin.views import ModelAdmin
from tests.contract.vault.models import Note, Stay


class StayAdmin(ModelAdmin, model=Stay):
    list_display = ("room", "nights")
    fields = ("room", "nights")


class NoteAdmin(ModelAdmin, model=Note):
    list_display = ("number", "text", "xmin")
    fields = ("text",)
