"""Filters, orders and searches by a hybrid property with SQL of a known type, and by a synonym; others are refused."""

import pytest

from dovetail.errors import ConfigurationError
from dovetail.resources.checks import unserved
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.contract.ledger.api import cities
from tests.contract.ledger.models import City, Country

CITIES = ("Rome", "Paris", "Nice", "Milano")


@pytest.fixture
async def four_cities(session):
    session.add(Country(code="eu", name="Europe"))
    await session.flush()
    session.add_all([City(name=name, country_code="eu") for name in CITIES])
    await session.commit()


@pytest.mark.usefixtures("four_cities")
@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_a_list_is_filtered_ordered_and_searched_by_a_hybrid_and_a_synonym(client):
    for query, names in {
        "length=4": "Rome Nice",
        "length__gte=5": "Paris Milano",
        "length__in=4,5": "Rome Paris Nice",
        "length__range=5,6": "Paris Milano",
        "length__isnull=true": "",
        "is_short=true": "Rome Nice",
        "is_short=false": "Paris Milano",
        "label=Rome": "Rome",
        "label__icontains=I": "Paris Nice Milano",
        "search=PAR": "Paris",
        "ordering=-length,id": "Milano Paris Rome Nice",
        "ordering=label": "Milano Nice Paris Rome",
        "ordering=is_short,id": "Paris Milano Rome Nice",
    }.items():
        answer = await client.get(f"/api/ledger/cities?{query}")
        assert [row["name"] for row in answer.json()["items"]] == names.split(), query
    assert (await client.get("/api/ledger/cities?length=long")).status_code == 422

    found, address = [], "/api/ledger/cities?ordering=-length&limit=1&cursor="
    while address:
        page = (await client.get(address)).json()
        found += [row["name"] for row in page["items"]]
        address = page["next"]
    assert found == ["Milano", "Paris", "Nice", "Rome"]


@pytest.mark.usefixtures("four_cities")
async def test_a_list_of_the_back_office_is_filtered_by_a_hybrid(office):
    for asked in ({"length": "4", "length_op": "equals"}, {"is_short": "true"}):
        answer = await office.get("/ledger/city/", **asked)
        assert [name for name in CITIES if f">{name}<" in answer.text] == ["Rome", "Nice"], asked


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("loud", "City.loud is a hybrid property without SQL .*; give it some: @loud.inplace.expression"),
        ("untyped", "City.untyped is a hybrid property whose SQL is of no known type; say it"),
        ("quiet", "City.quiet is no SQL, so the database does not know it; make it a hybrid_property"),
        ("country", "City.country is a relation; name a column of it, such as country__code"),
        ("nope", "'nope' leads nowhere: City has no 'nope', expected one of"),
        ("country__nope", "leads nowhere: Country has no 'nope'"),
    ],
)
def test_what_the_database_cannot_compare_is_refused_with_what_to_do(name, told):
    for declared in ({"filters": {name: "exact"}}, {"ordering": (name,)}, {"search": (name,)}):
        with pytest.raises(ConfigurationError, match=told):
            Resource(model=City, fields=("name",), policy=Open(), **declared).router.routes  # noqa: B018 - made by asking


def test_a_hybrid_is_named_by_check_as_any_expression_without_an_index():
    found = {one.what: one.index for one in unserved(cities)}
    assert found["the filter length"] is found["the order by length"] is None
    assert found["the order by label"] == 'Index("ix_ledger_city_name", City.name)'
