"""Every error is RFC 9457 problem details, says what a client can use, and nothing of our inside."""

import errno
import logging

import pytest

from dovetail.api.problems import MAXIMUM_ERRORS, problem_type
from dovetail.errors import ConflictError, NotFoundError
from tests.once import asks_no_database
from tests.probe.mistakes import SECRET

MEMBERS = {"type", "title", "status", "detail", "errors", "request_id"}


def assert_is_problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= MEMBERS
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


@asks_no_database
async def test_an_error_of_ours_brings_its_type_title_detail_and_fields(probe):
    problem = assert_is_problem(await probe.get("/api/mistakes/dovetail-error"), 422)
    assert problem["type"] == "urn:dovetail:problem:invalid-input"
    assert problem["title"] == "Unprocessable Content"
    assert problem["detail"] == "The colours clash."
    assert problem["errors"] == [{"pointer": "/colour", "detail": "too loud", "type": "invalid"}]


@asks_no_database
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "bad-request"), (401, "not-authenticated"), (404, "not-found"), (418, "i-m-a-teapot"), (599, "error-599")],
)
async def test_an_http_exception_is_a_problem_with_its_headers(probe, status, kind):
    answer = await probe.get(f"/api/mistakes/http-exception/{status}")
    problem = assert_is_problem(answer, status)
    assert problem["type"] == f"urn:dovetail:problem:{kind}"
    assert answer.headers["x-reason"] == "because"


@asks_no_database
@pytest.mark.parametrize("status", [204, 304])
async def test_an_http_exception_without_an_error_status_has_no_body(probe, status):
    answer = await probe.get(f"/api/mistakes/http-exception/{status}")
    assert (answer.status_code, answer.content) == (status, b"")


@asks_no_database
@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOSPC])
async def test_an_http_exception_stays_what_it_is_whatever_the_system_said_before(probe, number):
    assert_is_problem(await probe.get(f"/api/mistakes/http-exception-from-os-error/{number}"), 404)


@asks_no_database
async def test_what_an_http_exception_says_in_json_is_kept_beside_the_detail(probe):
    problem = assert_is_problem(await probe.get("/api/mistakes/http-exception-with-data"), 409)
    assert problem["data"] == {"code": "TAKEN"}
    assert problem["detail"] == ConflictError().detail


@asks_no_database
async def test_an_unknown_address_and_one_of_ours_have_one_type(probe):
    unknown = assert_is_problem(await probe.get("/api/nowhere"), 404)
    ours = assert_is_problem(await probe.get("/api/mistakes/not-found"), 404)
    assert unknown["type"] == ours["type"] == problem_type(404)
    assert unknown["detail"] == ours["detail"] == NotFoundError().detail


@asks_no_database
async def test_a_method_that_is_not_allowed_names_those_that_are(probe):
    answer = await probe.delete("/api/echo")
    assert_is_problem(answer, 405)
    assert answer.headers["allow"] == "OPTIONS, POST"


@asks_no_database
async def test_invalid_input_points_to_each_field_and_never_echoes_it(probe):
    body = {"name": 5, "size": SECRET, "pet": {"kind": SECRET}}
    answer = await probe.post("/api/items", json=body)
    problem = assert_is_problem(answer, 422)
    assert {error["pointer"] for error in problem["errors"]} == {"/name", "/size", "/pet"}
    assert SECRET not in answer.text


async def test_an_invalid_parameter_is_named(probe):
    problem = assert_is_problem(await probe.get("/api/items", params={"size": "big"}), 422)
    assert [error["pointer"] for error in problem["errors"]] == ["size"]


@asks_no_database
async def test_names_in_pointers_are_escaped_as_rfc_6901_says(probe):
    answer = await probe.post(
        "/api/echo", content=b'{"a/b": {"c~d": NaN}}', headers={"content-type": "application/json"}
    )
    assert assert_is_problem(answer, 422)["errors"][0]["pointer"] == "/a~1b/c~0d"


@asks_no_database
async def test_a_body_that_is_wrong_in_many_places_gets_a_short_answer(probe):
    answer = await probe.post("/api/items", json={"name": "x", "numbers": ["no"] * 5000})
    problem = assert_is_problem(answer, 422)
    assert len(problem["errors"]) == MAXIMUM_ERRORS + 1
    assert problem["errors"][-1]["detail"] == f"{5000 - MAXIMUM_ERRORS} more things are wrong."


@asks_no_database
async def test_broken_json_says_where_it_breaks(probe):
    answer = await probe.post("/api/echo", content=b'{"a": 1,}', headers={"content-type": "application/json"})
    problem = assert_is_problem(answer, 422)
    assert "not valid JSON" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("path", ["bug", "file", "other-service", "sql"])
async def test_an_unforeseen_error_says_nothing_and_is_logged_with_its_request(probe, path, caplog):
    answer = await probe.get(f"/api/mistakes/{path}", headers={"X-Request-ID": "find-me"})
    problem = assert_is_problem(answer, 500)
    assert problem["type"] == "urn:dovetail:problem:internal-error"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert "no_such_table" not in answer.text
    logged = [record for record in caplog.records if record.name == "dovetail.errors"]
    assert [(record.levelno, record.request_id) for record in logged] == [(logging.ERROR, "find-me")]
    assert logged[0].exc_info is not None


async def test_a_lazy_load_answers_500_and_logs_the_relation_and_the_option_to_add(probe, caplog):
    parent = (await probe.post("/api/items", json={"name": "parent"})).json()
    child = (await probe.post("/api/items", json={"name": "child", "parent_id": parent["id"]})).json()
    answer = await probe.get(f"/api/mistakes/lazy-load/{child['id']}")
    assert "parent" not in assert_is_problem(answer, 500)["detail"]
    assert "Item.parent was read but not loaded" in caplog.text
    assert "selectinload(Item.parent)" in caplog.text


async def test_a_value_that_exists_already_is_a_conflict_without_sql(probe):
    await probe.post("/api/items", json={"name": "only once"})
    answer = await probe.post("/api/items", json={"name": "only once"})
    problem = assert_is_problem(answer, 409)
    assert problem["detail"] == "Something with this value already exists."
    assert "probe_item" not in answer.text


async def test_a_stale_write_is_a_failed_precondition(probe):
    item = (await probe.post("/api/items", json={"name": "stale"})).json()
    problem = assert_is_problem(await probe.post(f"/api/mistakes/stale/{item['id']}"), 412)
    assert problem["type"] == "urn:dovetail:problem:stale-write"


@asks_no_database
async def test_what_a_plugins_own_middleware_raises_is_a_problem_too(probe):
    problem = assert_is_problem(await probe.get("/refused-by-a-plugin"), 409)
    assert problem["detail"] == "A plugin's middleware refuses."


@asks_no_database
async def test_an_error_raised_in_a_task_group_keeps_its_meaning(probe):
    problem = assert_is_problem(await probe.get("/api/mistakes/task-group"), 409)
    assert problem["detail"] == "Both want the same."
