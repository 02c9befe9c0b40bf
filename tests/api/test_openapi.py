"""The OpenAPI document is one to generate clients from."""

import re

import pytest
from fastapi import APIRouter, FastAPI

from project.api.openapi import duplicate_operation_ids, operation_id
from project.application import create_app
from project.errors import ConfigurationError

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
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


async def test_an_operation_is_named_as_its_function(document):
    assert document["paths"]["/api/items"]["post"]["operationId"] == "create_item"
    assert document["paths"]["/health/ready"]["get"]["operationId"] == "get_readiness"


async def test_every_operation_of_the_site_has_one_name_that_python_and_typescript_accept(app):
    names = [operation["operationId"] for operation in operations(app.openapi()).values()]
    assert len(names) == len(set(names)) > 15
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


async def test_every_error_of_every_operation_of_the_site_is_a_problem(app):
    for name, operation in operations(app.openapi()).items():
        errors = {status: r for status, r in operation["responses"].items() if status[0] in "45"}
        assert {"400", "503"} <= errors.keys(), name
        for status, response in errors.items():
            assert response["content"] == PROBLEM, (name, status)
            assert response["description"], (name, status)


async def test_an_operation_declares_the_errors_that_apply_to_it(app):
    described = operations(app.openapi())
    assert {"401", "404", "409", "422"} <= described["patch /api/posts/{post_id}"]["responses"].keys()
    assert "401" not in described["get /health/live"]["responses"]
    assert {"401", "403", "404"} <= described["get /debug/pool"]["responses"].keys()


async def test_fastapis_own_error_schema_is_gone(app):
    schemas = app.openapi()["components"]["schemas"]
    assert "HTTPValidationError" not in str(app.openapi())
    assert "ValidationError" not in schemas
    assert set(schemas["Problem"]["required"]) >= {"type", "title", "status", "detail"}


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
        create_app(settings)
