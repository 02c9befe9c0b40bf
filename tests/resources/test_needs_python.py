"""What takes the road of the ORM: computed fields, bytes, deferred columns, validators, models that inherit."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI
from pydantic import create_model
from sqlalchemy import func, select

from config.settings import Settings
from dovetail.application import make_application
from dovetail.cli.main import main
from dovetail.database.unit_of_work import Database
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.testing.fixtures import make_client, running
from tests.people.models import Architect, Engineer, PeopleBase, Person, Team

BYTES = b"\xff\x00\xfe\xfb"


@pytest.fixture
async def app(on_road, make_settings, empty_database_url):
    made = make_application(make_settings(plugins=("tests.people",), database_url=empty_database_url))
    async with running(on_road(made)) as application:
        async with application.state.database.engine.begin() as connection:
            await connection.run_sync(PeopleBase.metadata.create_all)
        yield application


@pytest.fixture
async def client(app: FastAPI):
    async with make_client(app) as client:
        yield client


@pytest.fixture
def manage(app, monkeypatch):
    """`manage.py` on the database of the application, in a thread, for it runs a loop of its own."""
    url = app.state.database.engine.url.render_as_string(hide_password=False)
    for name, value in {"DATABASE_URL": url, "PLUGINS": '["tests.people"]', "ENVIRONMENT": "test"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> None:
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(main, Settings, arguments).result() == 0

    return run


async def made(client: httpx.AsyncClient, path: str, **values: object) -> dict[str, object]:
    answer = await client.post(f"/api/{path}", json=values)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_computed_fields_are_answered_wherever_their_schema_is(client):
    team = await made(client, "teams", name="ab")
    engineer = await made(client, "engineers", name="Ada", language="A", team_id=team["id"])
    assert (team["shout"], engineer["initial"]) == ("AB", "A")
    members = [{"id": engineer["id"], "name": "Ada", "initial": "A"}]

    one = (await client.get(f"/api/teams/{team['id']}")).json()
    (listed,) = (await client.get("/api/teams")).json()["items"]
    (bulk,) = (await client.post("/api/teams/bulk", json={"items": [{"name": "cd"}]})).json()["items"]
    changed = (await client.patch(f"/api/teams/{team['id']}", json={"name": "ef"})).json()

    assert one == listed == {**team, "members": members}
    assert (bulk["shout"], changed["shout"]) == ("CD", "EF")
    chosen = await client.get("/api/teams", params={"fields": "shout,members.initial"})
    assert chosen.json()["items"][0] == {"members": [{"initial": "A"}], "shout": "EF"}


async def test_what_openapi_requires_of_an_answer_is_answered(client):
    schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    assert set(await made(client, "teams")) == set(schemas["TeamRead"]["required"])


async def test_bytes_go_in_and_out_as_base64(client, session):
    team = await made(client, "teams", badge="_wD--w==")  # the alphabet for URLs is taken too
    assert team["badge"] == "/wD++w=="
    assert await session.scalar(select(Team.badge)) == BYTES
    assert (await client.get("/api/teams")).json()["items"][0]["badge"] == "/wD++w=="

    refused = await client.post("/api/teams", json={"badge": "!"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/badge"
    schema = (await client.get("/openapi.json")).json()["components"]["schemas"]["TeamWrite"]["properties"]["badge"]
    assert schema["anyOf"][0] == {"type": "string", "contentEncoding": "base64", "examples": ["AP8="]}


def test_a_schema_that_cannot_write_bytes_is_refused():
    raw = create_model("Raw", id=(int, ...), badge=(bytes, ...))
    with pytest.raises(ConfigurationError, match="Raw has a field of bytes, which JSON cannot hold; derive it from"):
        Resource(model=Team, read=raw, policy=Open())


async def test_deferred_columns_are_loaded_where_they_are_answered(client):
    team = await made(client, "teams", charter="be kind")
    assert (await client.get(f"/api/teams/{team['id']}")).json()["charter"] == "be kind"
    assert (await client.patch(f"/api/teams/{team['id']}", json={"charter": "x"})).json()["charter"] == "x"


LACKING = [
    ({"mood": "angry"}, "expected one of glad, sad, found 'angry'"),
    ({"size": "XXL"}, "expected one of S, M, found 'XXL'"),
]


@pytest.mark.parametrize("path", ["teams", "plain_teams"])
async def test_a_member_that_an_enum_lacks_is_refused_with_its_pointer(client, path):
    team = await made(client, path)
    for values, detail in LACKING:
        (name,) = values
        for answer, pointer in (
            (await client.post(f"/api/{path}", json=values), f"/{name}"),
            (await client.patch(f"/api/{path}/{team['id']}", json=values), f"/{name}"),
            (await client.post(f"/api/{path}/bulk", json={"items": [{}, values]}), f"/items/1/{name}"),
        ):
            assert answer.status_code == 422, answer.text
            assert [(each["pointer"], each["detail"]) for each in answer.json()["errors"]] == [(pointer, detail)]
    assert len((await client.get(f"/api/{path}")).json()["items"]) == 1


async def test_a_member_that_an_enum_lacks_is_refused_in_a_filter(client):
    answer = await client.get("/api/teams", params={"size": "XXL"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "size")


async def test_what_a_validator_of_the_model_refuses_is_refused_with_its_pointer(client):
    engineer = await made(client, "engineers", name="Ada", language="A")
    values = {"name": "nobody", "language": "A"}
    for answer, pointer in (
        (await client.post("/api/people", json={"name": "nobody"}), "/name"),
        (await client.post("/api/engineers", json=values), "/name"),
        (await client.patch(f"/api/engineers/{engineer['id']}", json=values), "/name"),
        (await client.post("/api/engineers/bulk", json={"items": [values]}), "/items/0/name"),
    ):
        assert answer.status_code == 422, answer.text
        assert [(each["pointer"], each["detail"]) for each in answer.json()["errors"]] == [
            (pointer, "nobody is somebody")
        ]


async def counts(database: Database) -> list[int | None]:
    async with database.unit_of_work(read_only=True) as session:
        return [
            await session.scalar(select(func.count()).select_from(model.__table__))
            for model in (Person, Engineer, Architect)
        ]


@pytest.mark.parametrize("path", ["people", "engineers", "architects"])
async def test_deleting_what_inherits_leaves_no_part_of_it(client, database, path):
    keys = [(await made(client, "architects", name=f"a{n}", language="A"))["id"] for n in range(4)]
    await made(client, "engineers", name="stays", language="B")
    assert await counts(database) == [5, 5, 4]

    assert (await client.delete(f"/api/{path}/{keys[0]}")).status_code == 204
    assert await counts(database) == [4, 4, 3]
    assert (await client.delete(f"/api/{path}/bulk", params={"ids": f"{keys[1]},{keys[2]}"})).status_code == 204
    assert await counts(database) == [2, 2, 1]
    assert [one["name"] for one in (await client.get("/api/people")).json()["items"]] == ["a3", "stays"]


async def test_what_inherits_is_dumped_flushed_and_loaded_whole(client, database, manage, tmp_path):
    await made(client, "architects", name="Ada", language="A")
    path = tmp_path / "dump.json"

    manage("dumpdata", "-o", str(path))
    assert len(json.loads(path.read_text())) == 3
    manage("flush", "--yes")
    assert await counts(database) == [0, 0, 0]
    manage("loaddata", str(path))
    assert await counts(database) == [1, 1, 1]
    assert (await client.get("/api/architects")).json()["items"][0]["name"] == "Ada"
