"""Resources of bases and of heirs."""

from fastapi import APIRouter

from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.kin.models import Car, CardPayment, Payment, Ride, Taxi, Vehicle

vehicles = Resource(
    model=Vehicle,
    fields=("id", "kind", "name"),
    policy=Open(),
    read_only=("kind",),
    search=("name",),
    unindexed={"search"},
)
cars = Resource(
    model=Car,
    fields=("id", "name", "doors"),
    policy=Open(),
    filters={"name": ("exact", "icontains"), "doors": "gte"},
    ordering=("name", "doors"),
    search=("name",),
    unindexed={"name", "name__icontains", "doors", "doors__gte", "search"},
)
taxis = Resource(model=Taxi, fields=("id", "name", "doors", "plate"), policy=Open(), plural="taxis")
rides = Resource(
    model=Ride,
    fields=("id", "goal", "taxi_id", "taxi.name", "taxi.plate"),
    policy=Open(),
    filters={"taxi__name": "exact", "taxi__plate": "exact"},
    unindexed={"taxi__name", "taxi__plate"},
)
payments = Resource(model=Payment, fields=("id", "kind", "amount"), policy=Open(), read_only=("kind",))
cards = Resource(
    model=CardPayment,
    fields=("id", "amount", "number", "details"),
    policy=Open(),
    name="card",
    filters={"number": "exact"},
    unindexed={"number"},
)

router = APIRouter(tags=["kin"])
for resource in (vehicles, cars, taxis, rides, payments, cards):
    router.include_router(resource.router)
