"""Hostile paths, queries and bodies end in a clear 4xx on both databases, though no schema was written against them."""

import json

import httpx

from dovetail.middleware.bodies.json_body import MAXIMUM_DEPTH
from tests.api.test_problems import assert_is_problem
from tests.once import asks_no_database

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def post_json(probe: httpx.AsyncClient, body: bytes, path: str = "/api/echo") -> httpx.Response:
    return await probe.post(path, content=body, headers=JSON)


@asks_no_database
async def test_a_number_that_is_not_finite_is_refused(probe):
    numbers = (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1E+400", b"1e0400", b"1" + b"0" * 400 + b".0")
    for number in numbers:
        for path in ("/api/items", "/api/echo"):
            answer = await post_json(probe, b'{"name": "x", "price": %s}' % number, path)
            problem = assert_is_problem(answer, 422)
            assert [error["pointer"] for error in problem["errors"]] == ["/price"], number


@asks_no_database
async def test_an_integer_of_more_than_64_bits_is_refused(probe):
    for number in (2**63, -(2**63) - 1, 10**30, int("9" * 4000)):
        problem = assert_is_problem(await post_json(probe, b'{"name": "x", "size": %d}' % number, "/api/items"), 422)
        assert [error["pointer"] for error in problem["errors"]] == ["/size"]


@asks_no_database
async def test_an_integer_of_a_million_digits_is_refused(probe):
    assert_is_problem(await post_json(probe, b"9" * 1_000_000), 422)


@asks_no_database
async def test_text_that_no_database_can_store_is_refused(probe):
    for text in (rb'"\ud800"', rb'"\udfff tail"', rb'"a\u0000b"', rb'"\udc00\ud800"'):
        for path in ("/api/items", "/api/echo"):
            problem = assert_is_problem(await post_json(probe, b'{"name": %s}' % text, path), 422)
            assert [error["pointer"] for error in problem["errors"]] == ["/name"], text


@asks_no_database
async def test_a_name_in_an_object_is_text_too(probe):
    assert_is_problem(await post_json(probe, rb'{"\ud800": {"\u0000": 1}}'), 422)


async def test_a_surrogate_pair_is_one_character(probe):
    answer = await post_json(probe, rb'{"name": "\ud83d\ude00 \\ud800"}', "/api/items")
    assert answer.status_code == 201
    assert answer.json()["name"] == "\U0001f600 \\ud800"


@asks_no_database
async def test_a_body_that_is_not_utf_8_is_refused(probe):
    bodies = [b'{"name": "\xff"}', b'{"name": "\xed\xa0\x80"}', *('[{"a": NaN}]'.encode(f"utf-{n}") for n in (16, 32))]
    for body in [*bodies, "[NaN]".encode("utf-16-le"), "[NaN]".encode("utf-32-be")]:
        assert_is_problem(await post_json(probe, body), 422)


@asks_no_database
async def test_json_is_recognised_by_any_of_its_names(probe):
    for name in ("application/vnd.api+json", "APPLICATION/JSON; charset=utf-8", " application/json "):
        assert_is_problem(await probe.post("/api/echo", content=b"[NaN]", headers={"Content-Type": name}), 422)


@asks_no_database
async def test_a_body_that_is_nested_too_deeply_is_refused(probe):
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        for depth in (MAXIMUM_DEPTH + 1, 1_000, 100_000):
            answer = await post_json(probe, opening * depth + b"1" + closing * depth)
            assert f"{MAXIMUM_DEPTH} levels" in assert_is_problem(answer, 422)["detail"]


@asks_no_database
async def test_a_body_may_be_deep_and_wide_within_reason(probe):
    deep = "[" * MAXIMUM_DEPTH + "1" + "]" * MAXIMUM_DEPTH
    wide = json.dumps([{"a": [2**63 - 1, -(2**63), 1.5e300, "NaN"]}] * 1000)
    for body in (deep, wide):
        assert (await post_json(probe, body.encode())).json() == json.loads(body)


@asks_no_database
async def test_a_path_that_is_not_clean_text_is_refused(probe):
    for path in ("/api/reflect/a%00b", "/api/reflect/%ff", "/api/reflect/%ed%a0%80", "/%00"):
        assert_is_problem(await probe.get(path), 400)


@asks_no_database
async def test_a_query_that_is_not_clean_text_is_refused(probe):
    for query in ("name=%00", "name=%ff", "name=%ed%a0%80", "%00=1"):
        assert_is_problem(await probe.get(f"/api/items?{query}"), 400)


async def test_other_characters_of_a_query_and_a_path_arrive_as_they_are(probe):
    assert (await probe.get("/api/reflect/%C3%A9%E2%82%AC%0A")).json() == "é€\n"
    assert (await probe.get("/api/items?name=%C3%A9+%26")).status_code == 200


@asks_no_database
async def test_a_form_that_is_not_clean_text_is_refused(probe):
    for form in (b"name=%00", b"name=%ff", b"name=a\x00b", b"name=\xff"):
        assert_is_problem(await probe.post("/api/forms", content=form, headers=FORM), 422)


@asks_no_database
async def test_a_form_of_several_parts_cannot_store_a_nul_either(probe):
    assert_is_problem(await probe.post("/api/forms", files={"name": (None, "a\0b")}), 422)


async def test_a_clean_form_arrives(probe):
    answer = await probe.post("/api/forms", data={"name": "crème & brûlée"})
    assert answer.json()["name"] == "crème & brûlée"


async def test_an_id_or_parameter_of_more_than_64_bits_is_no_server_error(probe):
    for number in ("9223372036854775808", "99999999999999999999999999", "-9223372036854775809", "9" * 5000):
        assert_is_problem(await probe.get(f"/api/items/{number}"), 422)
        assert_is_problem(await probe.get("/api/items", params={"size": number}), 422)


async def test_a_number_that_is_not_finite_cannot_hide_in_a_string(probe):
    for price in ("NaN", "inf", "1e999"):
        assert_is_problem(await probe.post("/api/items", json={"name": "x", "price": price}), 422)


async def test_a_datetime_that_has_no_zone_or_is_beyond_the_calendar_is_refused(probe):
    answer = await probe.post("/api/items", json={"name": "x", "due": "2026-01-31T12:00:00"})
    assert "no timezone" in assert_is_problem(answer, 422)["detail"]
    for due in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert_is_problem(await probe.post("/api/items", json={"name": "x", "due": due}), 422)


@asks_no_database
async def test_a_body_of_another_kind_is_left_to_the_endpoint(probe):
    answer = await probe.post("/api/items", content=b"\x00\xff", headers={"Content-Type": "application/octet-stream"})
    assert "errors" in assert_is_problem(answer, 422)
    assert "\\x00" not in answer.text
