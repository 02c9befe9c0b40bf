"""Views of a table that something else makes, and of a database's view."""

from dovetail.contrib.admin.views import ModelAdmin
from tests.unmanaged.models import Note, Sale, Total


class SaleAdmin(ModelAdmin, model=Sale):
    list_display = (Sale.number, Sale.article)
    fields = (Sale.article, Sale.amount)


class TotalAdmin(ModelAdmin, model=Total):
    list_display = (Total.article, Total.amount)


class NoteAdmin(ModelAdmin, model=Note):
    list_display = (Note.text,)
    fields = (Note.text,)
