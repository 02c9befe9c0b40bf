"""Text comes in UTF-8, whatever a header calls it, and text that comes as a file is no text: never a 500."""

import httpx
import pytest

from dovetail.contrib.admin.testing import ORIGIN, read_form
from tests.api.test_problems import assert_is_problem
from tests.once import asks_no_database

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OTHERS = (
    "utf-7",
    "idna",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-16",
    "latin-1",
    "us-ascii",
    "nonsense",
    "",
)


def part(*headers: str, data: bytes = b"x") -> bytes:
    return b"--x\r\n" + "\r\n".join(headers).encode("latin-1") + b"\r\n\r\n" + data + b"\r\n"


def named(parameters: str = "", field: str = "name") -> str:
    return f'Content-Disposition: form-data; name="{field}"{parameters}'


async def post_parts(client: httpx.AsyncClient, path: str, *parts: bytes, parameters: str = "") -> httpx.Response:
    headers = {"Content-Type": f"multipart/form-data; boundary=x{parameters}", "Origin": ORIGIN}
    return await client.post(path, content=b"".join(parts) + b"--x--\r\n", headers=headers)


@asks_no_database
async def test_another_charset_is_refused_in_all_kinds_of_bodies(probe):
    for charset in OTHERS:
        for kind, path, body in ((FORM, "/api/forms", b"name=%2B2AA-"), (JSON, "/api/echo", b'"+2AA-"')):
            for given in (f"charset={charset}", f'charset="{charset}"', f"CharSet = {charset}"):
                headers = {b"Content-Type": f"{kind}; {given}".encode("latin-1")}
                assert_is_problem(await probe.post(path, content=body, headers=headers), 415)
        sent = part(named(), data=b"+2AA-")
        assert_is_problem(
            await post_parts(probe, "/api/forms", sent, parameters=f"; charset={charset}".replace("\xff", "?")), 415
        )
        sent = part(named(), f"Content-Type: text/plain; charset={charset}", data=b"+2AA-")
        assert_is_problem(await post_parts(probe, "/api/forms", sent), 415)


async def test_utf_8_may_be_named_in_any_way(probe):
    for number, charset in enumerate(("utf-8", "UTF-8", '"Utf-8"', "utf8")):
        name = f"é{number}"
        form = {"Content-Type": f"{FORM}; charset={charset}"}
        assert (await probe.post("/api/forms", content=f"name={name}", headers=form)).json()["name"] == name
        json = {"Content-Type": f"{JSON}; charset={charset}"}
        assert (await probe.post("/api/echo", content='"é"', headers=json)).json() == "é"
        sent = part(named(), f"Content-Type: text/plain; charset={charset}", data=f"part {name}".encode())
        answer = await post_parts(probe, "/api/forms", sent, parameters=f"; charset={charset}")
        assert answer.json()["name"] == f"part {name}"


@pytest.mark.parametrize("data", [b"\xff", b"\xed\xa0\x80", b"a\0b", b"cut \xc3"])
async def test_text_in_a_part_is_utf_8_and_a_file_is_anything(probe, data):
    assert_is_problem(await post_parts(probe, "/api/forms", part(named(), data=data)), 422)
    name = data.decode("latin-1")
    assert_is_problem(await post_parts(probe, "/api/forms", part(named(f'; filename="{name}"'))), 422)
    assert_is_problem(await post_parts(probe, "/api/forms", part(named(field=name))), 422)
    file = part(named('; filename="x"', "file"), "Content-Type: text/csv; charset=latin-1", data=data)
    answer = await post_parts(probe, "/api/forms", part(named(), data=b"with a file"), file)
    assert answer.json()["name"] == "with a file"


async def test_a_character_may_come_in_two_pieces(probe):
    body = part(named(), data="é".encode()) + b"--x--\r\n"
    cut = body.index("é".encode()) + 1

    async def pieces():
        yield body[:cut]
        yield body[cut:]

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await probe.post("/api/forms", content=pieces(), headers=headers)).json()["name"] == "é"


FILES = ('; filename="a"', "; filename=", "; filename=\"a\"; filename*=utf-7''%2B2AA-")
ODD = ("; filename*=utf-7''%2B2AA-", "; filename*0*=idna''a; filename*1=b", "; name*=utf-16''%d8%00", "; filename*")


@asks_no_database
@pytest.mark.parametrize("parameters", FILES + ODD)
async def test_text_that_comes_as_a_file_is_refused_by_an_api(probe, parameters):
    answer = await post_parts(probe, "/api/forms", part(named(parameters)))
    if parameters in FILES:
        problem = assert_is_problem(answer, 422)
        assert [one["pointer"] for one in problem["errors"]] == ["/name"]
    else:  # RFC 7578, section 4.2, knows no such parameter, so it is text
        assert answer.json()["name"] == "x"


@asks_no_database
@pytest.mark.parametrize("field", ["username", "password", "grant_type"])
async def test_a_login_takes_no_file(client, field):
    answer = await post_parts(client, "/api/auth/login", part(named('; filename="a"', field)))
    assert_is_problem(answer, 422)


async def test_the_back_office_takes_no_file_for_text_and_no_other_charset(client, make_user):
    token = read_form((await client.get("/admin/login")).text)["csrf_token"][0].encode()
    for field in ("username", "password"):
        sent = part(named(field="csrf_token"), data=token) + part(named('; filename="a"', field), data=b"\xff")
        answer = await post_parts(client, "/admin/login", sent)
        assert (answer.status_code, "came as a file" in answer.text) == (422, True)
    assert (
        await post_parts(client, "/admin/login", part(named('; filename="a"', "csrf_token"), data=token))
    ).status_code == 403
    sent = part(named(field="csrf_token"), data=token) + part(named(field="username"), data=b"+2AA-")
    for charset in OTHERS[:3]:
        assert (await post_parts(client, "/admin/login", sent, parameters=f"; charset={charset}")).status_code == 415
        headers = {"Content-Type": f"{FORM}; charset={charset}", "Origin": ORIGIN}
        assert (await client.post("/admin/login", content=b"username=%2B2AA-", headers=headers)).status_code == 415


async def test_a_form_of_the_back_office_takes_no_file_for_text(back_office_for, make_user):
    office = await back_office_for(await make_user(username="boss", is_superuser=True))
    values = read_form((await office.get("/blog/post/add/")).text)
    parts = [part(named(field=name), data=value.encode()) for name, found in values.items() for value in found]
    for field in ("title", "content", "view_count", "is_published", "created_at"):
        answer = await post_parts(office.client, "/admin/blog/post/add/", *parts, part(named('; filename="a"', field)))
        assert (answer.status_code, "came as a file" in answer.text) == (422, True), field


ODD_TYPES = (
    "multipart/form-data",
    "multipart/form-data; boundary=",
    f"multipart/form-data; boundary={'x' * 300}",
    "multipart/form-data; boundary*=x",
    "multipart/form-data; boundary=x; charset*=utf-7''x",
    f"{FORM}; charset*=utf-7''x",
    f"{JSON};;;charset==utf-7",
)


@asks_no_database
@pytest.mark.parametrize("content_type", ODD_TYPES)
async def test_a_bad_body_of_any_content_type_is_refused_and_no_server_error(client, content_type):
    headers = {"Content-Type": content_type, "Origin": ORIGIN}
    for path in ("/api/auth/login", "/admin/login"):
        for body in (b"", b"\xff\xfe", b"--\r\n", part(named(field="username")) + b"--x--", part("X: y") + b"--x--"):
            answer = await client.post(path, content=body, headers=headers)
            assert 400 <= answer.status_code < 500, (path, body)
