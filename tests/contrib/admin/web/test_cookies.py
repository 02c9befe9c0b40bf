"""Cookies of the back office: what they are called, and what a browser is told of them."""

import pytest
from pydantic import SecretStr
from starlette.responses import Response

from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.signing import Signer
from dovetail.state import current_scope

SECRET = SecretStr("a secret of this site, which is long enough")
OTHER = SecretStr("a secret of another site, long enough too")


def header_of(response: Response) -> list[str]:
    return sorted(response.headers["set-cookie"].split("; "))


@pytest.mark.parametrize(("secure", "flags"), [(True, ["Secure"]), (False, [])])
def test_a_cookie_is_for_no_script_no_other_site_and_in_production_for_https_only(secure, flags):
    cookies, response = Cookies(SECRET, secure=secure), Response()
    cookies.set(response, cookies.session, "value", max_age=60)
    shared = ["HttpOnly", "Path=/", "SameSite=lax", *flags]
    assert header_of(response) == sorted(["Max-Age=60", f"{cookies.session}=value", *shared])
    response = Response()
    cookies.set(response, cookies.visitor, "value")
    assert header_of(response) == sorted([f"{cookies.visitor}=value", *shared])
    response = Response()
    cookies.delete(response, cookies.session)
    removed = [part for part in header_of(response) if not part.startswith("expires=")]
    assert removed == sorted(["Max-Age=0", f'{cookies.session}=""', *shared])


@pytest.mark.parametrize(("scheme", "prefix", "flags"), [("https", "__Host-", ["Secure"]), ("http", "", [])])
def test_in_development_they_are_secure_where_a_request_came_by_https(scheme, prefix, flags):
    cookies, response = Cookies(SECRET, secure=None), Response()
    token = current_scope.set({"type": "http", "scheme": scheme})
    try:
        cookies.set(response, cookies.session, "value")
        name = cookies.session
    finally:
        current_scope.reset(token)
    assert name == f"{prefix}{Cookies(SECRET, secure=False).session}"
    assert header_of(response) == sorted(["HttpOnly", "Path=/", "SameSite=lax", f"{name}=value", *flags])
    assert Cookies(SECRET, secure=None).session == Cookies(SECRET, secure=False).session  # outside of a request


def test_names_differ_by_use_and_by_site_and_say_that_they_are_for_one_host():
    cookies = Cookies(SECRET, secure=False)
    site = cookies.session.rpartition("-")[2]
    names = [cookies.session, cookies.visitor, cookies.messages]
    assert names == [f"dovetail-admin-{use}-{site}" for use in ("session", "visitor", "messages")]
    assert site == Signer(SECRET, "dovetail.admin.cookies").signature(b"").hex()[:8]
    assert Cookies(OTHER, secure=False).session != cookies.session
    assert Cookies(SECRET, secure=True).session == f"__Host-{cookies.session}"
