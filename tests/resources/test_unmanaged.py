"""A table that something else makes is a resource as any other; one that nobody writes to is read."""

import httpx
import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.resources.schemas.model_schemas import CreateSchema
from dovetail.testing.fixtures import make_client, running
from tests.unmanaged.models import Sale, Total, make


@pytest.fixture
async def app(make_settings, empty_database_url):
    settings = make_settings(plugins=("tests.unmanaged",), database_url=empty_database_url)
    async with running(make_application(settings)) as application:
        async with application.state.database.engine.begin() as connection:
            await connection.run_sync(make)
        yield application


@pytest.fixture
async def client(app: FastAPI):
    async with make_client(app) as client:
        yield client


async def test_a_view_is_listed_filtered_and_read_by_its_key(client: httpx.AsyncClient):
    listed = (await client.get("/api/totals")).json()["items"]
    assert listed == [{"article": "milk", "amount": 1}, {"article": "tea", "amount": 5}]
    assert (await client.get("/api/totals?amount__gte=2&count=true")).json()["total"] == 1
    assert (await client.get("/api/totals/tea")).json() == {"article": "tea", "amount": 5}
    assert (await client.get("/api/totals/coal")).status_code == 404


WRITING = [("POST", ""), ("DELETE", ""), ("PATCH", "/tea"), ("DELETE", "/tea"), ("POST", "/bulk"), ("PATCH", "/bulk")]


async def test_a_view_has_no_endpoint_that_writes(client: httpx.AsyncClient):
    for method, path in WRITING:
        answer = await client.request(method, f"/api/totals{path}", json={"amount": 1})
        assert answer.status_code in {404, 405}, (method, path, answer.text)


async def test_a_table_of_another_program_is_read_and_written(client: httpx.AsyncClient):
    made = await client.post("/api/sales", json={"number": 9, "article": "coal", "amount": 1})
    assert made.status_code == 201, made.text
    changed = await client.patch("/api/sales/9", json={"amount": 4})
    assert changed.json() == {"number": 9, "article": "coal", "amount": 4}
    assert (await client.get("/api/totals/coal")).json()["amount"] == 4
    assert (await client.delete("/api/sales/9")).status_code == 204
    assert (await client.get("/api/totals/coal")).status_code == 404


async def test_a_row_goes_with_what_refers_to_it_and_no_row_of_a_view_is_in_the_way(client: httpx.AsyncClient):
    assert (await client.delete("/api/sales/1")).status_code == 204
    assert (await client.get("/api/totals/tea")).json()["amount"] == 3


@pytest.mark.parametrize("name", ["create", "update", "replace"])
def test_a_schema_of_what_is_written_to_a_table_that_nobody_writes_to_is_refused(name):
    schema: type[CreateSchema] = type("Write", (CreateSchema,), {}, model=Total, fields=("amount",))
    with pytest.raises(ConfigurationError, match=f"total has a schema for {name}, and the table of Total is read_only"):
        Resource(model=Total, fields=("article",), policy=Open(), **{name: schema})


def test_the_schemas_of_a_writable_table_are_those_of_its_columns():
    assert Resource(model=Sale, fields=("number", "article"), policy=Open()).create is not None
