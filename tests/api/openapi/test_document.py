"""The OpenAPI document is one to generate clients from."""

import re

import jsonschema_rs
import pytest
from fastapi import APIRouter, FastAPI

from dovetail.api.openapi.components import nodes
from dovetail.api.openapi.document import duplicate_operation_ids, operation_id
from dovetail.api.schemas import Schema
from dovetail.application import make_application
from dovetail.errors import ConfigurationError
from tests.once import asks_no_database

PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
async def document(probe_app):
    return probe_app.openapi()


def operations(document):
    return {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


@asks_no_database
async def test_an_operation_is_named_as_its_function(document):
    assert document["paths"]["/api/items"]["post"]["operationId"] == "create_item"
    assert document["paths"]["/health/ready"]["get"]["operationId"] == "get_readiness"


@asks_no_database
async def test_every_operation_of_the_site_has_one_name_that_python_and_typescript_accept(app):
    names = [operation["operationId"] for operation in operations(app.openapi()).values()]
    assert len(names) == len(set(names)) > 15
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


@asks_no_database
async def test_every_error_of_every_operation_of_the_site_is_a_problem(app):
    shared = app.openapi()["components"]["responses"]
    for name, operation in operations(app.openapi()).items():
        errors = {status: r for status, r in operation["responses"].items() if status[0] in "45"}
        assert {"400", "431", "503"} <= errors.keys(), name
        for status, found in errors.items():
            response = shared[found["$ref"].rpartition("/")[2]] if "$ref" in found else found
            (media,) = response["content"].items()
            assert media[0] == "application/problem+json", (name, status)
            assert media[1]["schema"] == PROBLEM, (name, status)
            assert media[1]["example"]["status"] == int(status), (name, status)
            assert response["description"], (name, status)


@asks_no_database
async def test_an_operation_declares_the_errors_that_apply_to_it(app):
    described = operations(app.openapi())
    assert {"401", "404", "409", "422"} <= described["patch /api/posts/{post_id}"]["responses"].keys()
    assert "401" not in described["get /health/live"]["responses"]
    assert {"401", "403", "404"} <= described["get /debug/pool"]["responses"].keys()


@asks_no_database
async def test_fastapis_own_error_schema_is_gone(app):
    schemas = app.openapi()["components"]["schemas"]
    assert "HTTPValidationError" not in str(app.openapi())
    assert "ValidationError" not in schemas
    assert set(schemas["Problem"]["required"]) >= {"type", "title", "status", "detail"}


@asks_no_database
async def test_schemas_have_names_that_classes_can_have(app):
    schemas = app.openapi()["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch("[A-Z][A-Za-z]+", name)] == []
    assert {"PostPage", "PostRead", "PostItems", "LoginForm", "CommentStatus", "Count"} <= schemas.keys()
    assert [name for name, schema in schemas.items() if schema.get("title", name) != name] == []


@asks_no_database
async def test_nothing_refers_to_what_is_not_there(app):
    document = app.openapi()
    for node in nodes(document):
        if "$ref" in node:
            _, kind, name = node["$ref"].rsplit("/", 2)
            assert name in document["components"][kind], node


@asks_no_database
async def test_the_document_says_who_may_come_without_a_token(app):
    described = operations(app.openapi())
    assert described["get /api/posts"]["security"] == [{}, {"Bearer": []}]
    assert described["post /api/posts"]["security"] == [{"Bearer": []}]
    assert described["get /debug/pool"]["security"] == [{"Bearer": []}]
    assert "security" not in described["post /api/auth/login"]
    assert "security" not in described["get /health/live"]


@asks_no_database
async def test_a_new_object_links_to_what_can_be_done_with_it(app):
    links = operations(app.openapi())["post /api/posts"]["responses"]["201"]["links"]
    assert links.keys() == {"get_post", "update_post", "delete_post"}
    assert links["get_post"]["parameters"] == {"post_id": "$response.body#/id"}


@asks_no_database
async def test_every_body_and_every_answer_of_the_site_has_an_example(app):
    for name, operation in operations(app.openapi()).items():
        media = [*operation.get("requestBody", {}).get("content", {}).values()]
        for response in operation["responses"].values():
            media += response.get("content", {}).values()
        assert [one for one in media if "example" not in one and one["schema"] not in ({}, {"type": "null"})] == [], (
            name
        )


@asks_no_database
async def test_every_example_fits_its_schema(app):
    document = app.openapi()
    checked = 0
    for node in nodes(document):
        if isinstance(node.get("schema"), dict):
            pairs = [(node["schema"], node["example"])] if "example" in node else []
        else:
            pairs = []
        if isinstance(node.get("examples"), list):  # of a schema
            pairs += [(node, example) for example in node["examples"]]
        for schema, example in pairs:
            validator = jsonschema_rs.Draft202012Validator({"components": document["components"], **schema})
            assert [str(error) for error in validator.iter_errors(example)] == [], (schema, example)
            checked += 1
    assert checked > 100


class Branch(Schema):
    parent: "Branch | None"
    branches: list["Branch"]


@asks_no_database
async def test_a_schema_that_holds_itself_has_an_example_that_ends(probe_app):
    @probe_app.get("/branch")
    async def get_branch() -> Branch: ...

    answer = probe_app.openapi()["paths"]["/branch"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["example"] == {"parent": None, "branches": []}


@asks_no_database
async def test_bounds_of_integers_are_integers_that_a_column_holds(app):
    for node in nodes(app.openapi()):
        if node.get("type") == "integer":
            bounds = [node[name] for name in ("minimum", "maximum") if name in node]
            assert all(isinstance(bound, int) and -(2**63) <= bound < 2**63 for bound in bounds), node


@asks_no_database
async def test_the_document_is_the_same_each_time(probe, document):
    assert (await probe.get("/openapi.json")).json() == (await probe.get("/openapi.json")).json() == document


def test_two_functions_of_one_name_are_named():
    app = FastAPI(generate_unique_id_function=operation_id)
    for prefix in ("/a", "/b"):
        router = APIRouter(prefix=prefix)

        @router.get("/things")
        async def list_things() -> None: ...

        app.include_router(router, prefix="/api")
    (problem,) = duplicate_operation_ids(app)
    assert problem == (
        "the operation id 'list_things' is claimed by GET /api/a/things and GET /api/b/things; "
        "rename one of the functions"
    )


def test_an_application_with_two_operations_of_one_name_does_not_start(make_settings):
    settings = make_settings(plugins=("tests.probe_twins",), database_url="sqlite:///:memory:")
    with pytest.raises(ConfigurationError, match="the operation id 'list_things' is claimed by"):
        make_application(settings)
