"""Mails lead to the page of the back office at a host that nobody but the site chooses."""

import pytest
from fastapi import FastAPI

from dovetail.contrib.auth.mail.reset_page import offer_reset_page, reset_page
from dovetail.state import APPLICATION, current_scope

HERE = "https://www.example.org/admin/reset/?token={token}"


@pytest.mark.parametrize(
    ("path", "host", "allowed", "address"),
    [
        ("/admin/password_reset/", "www.example.org", ("www.example.org",), HERE),
        (
            "/admin/password_reset/",
            "localhost:8000",
            ("localhost",),
            "https://localhost:8000/admin/reset/?token={token}",
        ),
        ("/staff/auth/user/", "www.example.org", ("www.example.org",), HERE.replace("admin", "staff")),
        ("/api/auth/forgot-password", "www.example.org", ("www.example.org",), ""),
        ("/administration/", "www.example.org", ("www.example.org",), ""),
        ("/admin/password_reset/", "evil.example", ("*",), ""),
        ("/admin/password_reset/", "evil.example.org", ("*.example.org",), ""),
    ],
)
def test_the_page_is_that_of_the_back_office_that_sends_the_mail_at_a_host_that_the_site_names(
    path, host, allowed, address
):
    app = FastAPI()
    for mount in ("/admin", "/staff"):
        offer_reset_page(app, mount)
    headers = [(b"host", host.encode())]
    token = current_scope.set({"scheme": "https", "path": path, "headers": headers, APPLICATION: app})
    try:
        assert reset_page(allowed) == address
    finally:
        current_scope.reset(token)


def test_outside_of_a_request_there_is_no_page():
    assert reset_page(("localhost",)) == ""
