"""The views of the attic."""

from dovetail.contrib.admin.views import ModelAdmin, TabularInline
from tests.contract.attic.api import FREE
from tests.contract.attic.models import Branch, Deal, Part, Product, Sum, Taken


class ProductAdmin(ModelAdmin, model=Product):
    list_display = ("tenant", "number", "name")
    search_fields = ("name",)
    fields = ("tenant", "number", "name")
    form_include_pk = True


class PartInline(TabularInline, model=Part):
    fields = ("line", "amount")
    form_include_pk = True


class DealAdmin(ModelAdmin, model=Deal):
    list_display = ("tenant", "number", "note")
    search_fields = ("note",)
    fields = ("tenant", "number", "note")
    form_include_pk = True
    inlines = (PartInline,)


class PartAdmin(ModelAdmin, model=Part):
    list_display = ("deal", "line", "product", "amount")
    list_filter = ("product.name",)
    sortable_by = ("product", "amount")
    sort_paths = {"product": "product.name"}  # noqa: RUF012 - an option, never changed
    fields = ("deal", "line", "product", "amount")
    form_include_pk = True
    autocomplete_fields = ("deal", "product")


class StockedPartAdmin(ModelAdmin, model=Part):
    """Of the product alone."""

    identity = "attic/stockedpart"
    list_display = ("line", "product")
    fields = ("product",)
    autocomplete_fields = ("product",)


class BranchAdmin(ModelAdmin, model=Branch):
    list_display = ("name", "parent", "children")
    list_filter = ("parent.name", "parent")
    search_fields = ("name",)
    fields = ("name", "parent", "children")
    autocomplete_fields = ("parent", "children")


class SumAdmin(ModelAdmin, model=Sum):
    list_display = ("parent", "amount")
    list_filter = ("parent",)
    autocomplete_fields = ("parent",)


class TakenAdmin(ModelAdmin, model=Taken):
    list_display = FREE
    fields = (*(n for n in FREE if n != "save"), "csrf_token_")
