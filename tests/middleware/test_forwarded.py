"""Whose X-Forwarded headers are believed, and which."""

import logging

import pytest

from dovetail.middleware.forwarded import ForwardedHeaders

PEER = ("10.0.0.5", 1234)


async def seen(*headers, client=PEER, trusted=("10.0.0.0/8",), root_path=""):
    scope = {
        "type": "http",
        "scheme": "http",
        "client": client,
        "path": f"{root_path}/a b",
        "raw_path": f"{root_path}/a%20b".encode(),
        "root_path": root_path,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    await ForwardedHeaders(trusted).apply(scope)
    return scope


async def test_the_last_address_that_is_not_trusted_is_the_client():
    scope = await seen(("x-forwarded-for", "192.0.2.1, 203.0.113.9, 10.1.1.1"))
    assert scope["client"] == ("203.0.113.9", 0)


async def test_a_peer_that_is_not_trusted_changes_nothing():
    headers = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/shop")]
    for client in (("192.0.2.7", 1), None):
        scope = await seen(*headers, client=client)
        assert (scope["client"], scope["scheme"], scope["path"], scope["root_path"]) == (client, "http", "/a b", "")


async def test_the_prefix_stands_in_front_of_the_path_and_of_the_servers_own():
    scope = await seen(("x-forwarded-prefix", "/shop"), root_path="/site")
    assert scope["root_path"] == "/shop/site"
    assert scope["path"] == "/shop/site/a b"
    assert scope["raw_path"] == b"/shop/site/a%20b"


@pytest.mark.parametrize("nothing", ["", "/", " / "])
async def test_an_empty_prefix_is_ignored(nothing):
    assert (await seen(("x-forwarded-prefix", nothing)))["root_path"] == ""


@pytest.mark.parametrize(
    "wrong",
    ["//evil.example", "shop", "/a//b", "/../x", "/a/..", "/a?b", '/"><script>', "/\xe9", "/a,/b", "/" + "a" * 200],
)
async def test_a_prefix_that_is_not_a_path_is_ignored_with_a_warning(wrong, caplog):
    with caplog.at_level(logging.WARNING):
        assert (await seen(("x-forwarded-prefix", wrong)))["root_path"] == ""
    assert "X-Forwarded-Prefix" in caplog.text


async def test_a_unix_socket_is_trusted_by_its_name():
    headers = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/shop")]
    scope = await seen(*headers, client=None, trusted=("unix",))
    assert (scope["client"], scope["scheme"], scope["root_path"]) == (("203.0.113.9", 0), "https", "/shop")
