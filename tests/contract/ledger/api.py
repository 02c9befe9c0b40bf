"""The resources of the ledger; everybody does everything."""

from fastapi import APIRouter

from dovetail.resources.resource import Open, Resource
from tests.contract.ledger.models import Booking, BookingLine, City, Country, Total, Wide

EXACT = ("exact", "in", "gte", "isnull")

countries = Resource(model=Country, plural="countries", fields=("code", "name"), policy=Open())
cities = Resource(
    model=City,
    plural="cities",
    fields=("name", "country_code", "twin_code", "length", "is_short"),
    policy=Open(),
    filters={
        "length": ("exact", "in", "gte", "range", "isnull"),
        "is_short": "exact",
        "label": ("exact", "icontains"),
    },
    ordering=("length", "is_short", "label", "id"),
    search=("label",),
)
bookings = Resource(
    model=Booking,
    fields=("day", "serial", "id", "metadata_", "registry_", "query", "level", "code", "amount"),
    policy=Open(),
    filters={"day": EXACT, "serial": "exact", "id": EXACT, "metadata_": EXACT, "query": EXACT, "level": EXACT},
    ordering=("day", "serial", "amount", "id", "level"),
)
lines = Resource(
    model=BookingLine, plural="lines", fields=("day", "serial", "number", "text"), policy=Open(), ordering=("number",)
)
wide = Resource(model=Wide, plural="wide", fields=tuple(f"column_{number}" for number in range(60)), policy=Open())
totals = Resource(model=Total, fields=("day", "level", "amount"), policy=Open(), ordering=("amount",))

router = APIRouter(prefix="/ledger", tags=["ledger"])
for _one in (countries, cities, bookings, lines, wide, totals):
    router.include_router(_one.router)
