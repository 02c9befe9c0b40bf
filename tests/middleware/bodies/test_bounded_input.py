"""However much a body is wrong, refusing it costs little, and nothing before it is known who sent it."""

import json
import sys
from collections import Counter

import pytest

from dovetail.application import make_application
from dovetail.errors import InvalidInputError
from dovetail.middleware.bodies.json_body import MAXIMUM_ERRORS, check_json, has_more_items, is_suspicious
from dovetail.settings import Settings
from dovetail.testing.fixtures import make_client
from tests.api.test_problems import assert_is_problem
from tests.once import asks_no_database

SIZE = Settings.model_fields["max_body_size"].default
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LARGE = {
    "bad numbers": b"[1e400" + b",1e400" * 370_000 + b"]",
    "lone surrogates": rb'["\ud800"' + rb',"\ud800"' * 285_000 + b"]",
    "empty items": b"[{}" + b",{}" * 870_000 + b"]",
    "empty items of a bulk create": b'{"items": [{}' + b",{}" * 800_000 + b"]}",
    "nothing but quotes": b"[" + b'"",' * 870_000 + b"1]",
}


@pytest.fixture
def calls():
    """Count the calls of Python functions, by name: what work was done, on however busy a machine."""
    counted: Counter[str] = Counter()

    def note(frame, event, _argument):
        if event == "call":
            counted[frame.f_code.co_name] += 1

    sys.setprofile(note)
    yield counted
    sys.setprofile(None)


@asks_no_database
@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
async def test_a_body_of_a_great_many_values_is_refused_at_little_cost(probe, calls, body):
    assert len(body) <= SIZE
    for path in ("/api/echo", "/api/items", "/api/nowhere"):
        calls.clear()
        problem = assert_is_problem(await probe.post(path, content=body, headers=JSON), 413)
        assert "10000 values" in problem["detail"]
        assert calls.total() < 5_000


def test_the_hundredth_error_is_the_last_that_is_looked_for(calls):
    for value in (b"1e400", rb'"\ud800"', b'{"\\u0000": 1}'):
        calls.clear()
        with pytest.raises(InvalidInputError) as raised:
            check_json(b"[" + b",".join([value] * 9_000) + b"]")
        assert len(raised.value.errors) == MAXIMUM_ERRORS
        assert [calls["_escape"], calls["_bad_text"] < 500] == [0, True]


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"[1,2,3]", 3),
        (b'["a,b","c\\",d",",",3]', 4),
        (b'{"a": "x,y,z", "b": [1, 2], "c": {}}', 4),
        (b'["\\\\",",,,,,,,"]', 2),
        (b'["unfinished,,,,,,,', 1),
        (b"", 1),
    ],
)
def test_values_are_counted_by_the_commas_that_are_not_in_texts(body, items):
    assert not has_more_items(body, items)
    assert has_more_items(body, items - 1) or items == 1


def test_a_body_is_suspicious_only_if_something_may_be_wrong_with_it():
    for harmless in ("plain", "e-mail, 1e99", "\\ud83d".replace("\\", "/"), "1" * 18):
        assert not is_suspicious(json.dumps([harmless]).encode()), harmless
    for one in (b"NaN", b"-Infinity", b"1e400", b"1E+400", rb'"\ud800"', rb'"\u0000"', b"1" * 19, b"[" * 101):
        assert is_suspicious(one), one


@asks_no_database
@pytest.mark.parametrize("body", [*LARGE.values(), b'[NaN, "x"]', rb'["\ud800"]'], ids=[*LARGE, "NaN", "surrogate"])
async def test_an_anonymous_client_gets_401_before_the_body_is_examined(client, calls, body):
    for headers in (JSON, JSON | {"Authorization": "Bearer made-up"}):
        for method, path in (("POST", "/api/posts"), ("POST", "/api/posts/bulk"), ("PATCH", "/api/users/me")):
            calls.clear()
            assert_is_problem(await client.request(method, path, content=body, headers=headers), 401)
            assert calls["check_json"] == 0


async def test_a_logged_in_client_is_told_what_is_wrong_with_the_body(client_for, make_user):
    client = await client_for(await make_user(username="ada"))
    for method, path in (("POST", "/api/posts"), ("POST", "/api/posts/bulk"), ("PATCH", "/api/users/me")):
        for body, status in ((LARGE["empty items"], 413), (b'{"title": NaN}', 422), (b'{"a": ' * 5000, 422)):
            assert_is_problem(await client.request(method, path, content=body, headers=JSON), status)
        wrong = await client.request(method, path, content=rb'{"title": ["\ud800"]}', headers=JSON)
        assert [one["pointer"] for one in assert_is_problem(wrong, 422)["errors"]] == ["/title/0"]


@asks_no_database
async def test_a_path_without_login_is_checked_at_once(probe):
    for path in ("/api/echo", "/api/nowhere", "/admin/anything"):
        assert_is_problem(await probe.post(path, content=b"[NaN]", headers=JSON), 422)


@asks_no_database
async def test_a_form_of_a_great_many_fields_is_refused_at_little_cost(probe, calls):
    for body, status in ((b"&" * SIZE, 413), (b"a=1&" * 600_000, 413), (b"a;" * 1_300_000, 422)):
        calls.clear()
        answer = await probe.post("/api/forms", content=body[:SIZE], headers=FORM)
        assert answer.status_code in {status, 400}
        assert calls.total() < 50_000


@asks_no_database
async def test_a_form_of_a_great_many_parts_is_refused_at_little_cost(probe, calls):
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await probe.post("/api/forms", content=part * 45_000, headers=headers)
    assert_is_problem(answer, 413)
    assert calls.total() < 100_000


async def test_a_query_of_a_great_many_parameters_is_refused(probe):
    assert_is_problem(await probe.get("/api/items?" + "a&" * 20_000), 400)
    assert (await probe.get("/api/items?" + "a=1&" * 999)).status_code == 200


async def test_the_limit_is_a_setting(make_settings):
    app = make_application(make_settings(plugins=(), database_url="sqlite:///:memory:", max_body_items=3))
    async with make_client(app) as client:
        for items, status in ((3, 404), (4, 413)):
            assert (await client.post("/nowhere", json=[1] * items)).status_code == status
