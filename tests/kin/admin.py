"""Views of bases and of heirs."""

from dovetail.contrib.admin.views import ModelAdmin, TabularInline
from tests.kin.models import Car, CardPayment, Payment, Ride, Taxi, Vehicle


class VehicleAdmin(ModelAdmin, model=Vehicle):
    list_display = ("name", "kind", "updated_at")
    search_fields = ("name",)
    fields = ("name",)


class CarAdmin(ModelAdmin, model=Car):
    list_display = ("name", "doors")
    list_editable = ("doors",)
    list_filter = ("doors",)
    search_fields = ("name",)
    fields = ("name", "doors")


class RideInline(TabularInline, model=Ride):
    fields = ("goal",)
    extra = 0


class TaxiAdmin(ModelAdmin, model=Taxi):
    list_display = ("name", "doors", "plate")
    search_fields = ("name", "plate")
    fields = ("name", "doors", "plate")
    bulk_editable = ("name", "doors")
    inlines = (RideInline,)


class RideAdmin(ModelAdmin, model=Ride):
    list_display = ("goal", "taxi")
    fields = ("goal", "taxi")
    autocomplete_fields = ("taxi",)


class PaymentAdmin(ModelAdmin, model=Payment):
    list_display = ("id", "kind", "amount")
    fields = ("amount",)


class CardPaymentAdmin(ModelAdmin, model=CardPayment):
    list_display = ("id", "amount", "number")
    fields = ("amount", "number", "details")
