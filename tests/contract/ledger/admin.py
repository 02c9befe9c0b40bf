"""The views of the ledger."""

from dovetail.contrib.admin.views import ColumnFilter, ModelAdmin
from tests.contract.ledger.models import Booking, BookingLine, City, Country, Total, Wide


class CountryAdmin(ModelAdmin, model=Country):
    list_display = ("code", "name")
    search_fields = ("name",)
    fields = ("code", "name")
    form_include_pk = True


class CityAdmin(ModelAdmin, model=City):
    list_display = ("name", "country", "length", "is_short")
    list_filter = ("length", "is_short", "country.name")
    sortable_by = ("length", "name")
    fields = ("name", "country", "twin")
    autocomplete_fields = ("country", "twin")


class BookingAdmin(ModelAdmin, model=Booking):
    list_display = ("day", "serial", "id", "metadata_", "query", "level", "amount")
    list_filter = (ColumnFilter(Booking.day, parameter_name="on_day"), "id", "level", "metadata_", "query")
    search_fields = ("id", "query")
    fields = ("day", "serial", "id", "metadata_", "registry_", "query", "level", "code", "amount")
    form_include_pk = True


class BookingLineAdmin(ModelAdmin, model=BookingLine):
    list_display = ("number", "text")
    fields = ("booking", "number", "text")
    form_include_pk = True
    autocomplete_fields = ("booking",)


class WideAdmin(ModelAdmin, model=Wide):
    list_display = tuple(f"column_{number}" for number in range(60))
    fields = list_display


class TotalAdmin(ModelAdmin, model=Total):
    list_display = ("day", "level", "amount")
    list_filter = ("level",)
