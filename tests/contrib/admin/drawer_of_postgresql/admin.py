from dovetail.contrib.admin.views import ModelAdmin
from tests.contrib.admin.drawer_of_postgresql.models import Lists


class ListsAdmin(ModelAdmin, model=Lists):
    """What PostgreSQL alone has."""

    name_plural = "Lists"
    list_display = ("name", "numbers", "words", "days", "facts", "mood", "colour", "matrix", "address", "vector")
    sortable_by = ("numbers", "days", "facts", "mood", "colour", "address", "vector")
    search_fields = list_display
    list_filter = ("mood", "colour")
    fields = ("name", "numbers", "words", "days", "facts", "mood", "colour", "address", "matrix", "vector")
