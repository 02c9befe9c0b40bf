"""What a proxy says is believed if it is trusted, whichever server runs the site: real processes."""

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.running import ROOT, TIMEOUT, environment, free_port, manage, stop, wait_until_it_answers

GUNICORN = ("-m", "gunicorn", "tests.server.site:app", "-b", "127.0.0.1:{port}", "--no-control-socket")
SERVERS = {
    "runserver": ("manage.py", "runserver", "{port}", "--no-reload"),
    "uvicorn": (
        *("-m", "uvicorn", "tests.server.site:app", "--port", "{port}"),
        *("--http", "dovetail.server.protocol:GuardedProtocol"),  # as docs/server.md says
    ),
    "uvicorn in gunicorn": (*GUNICORN, "-k", "uvicorn_worker.UvicornWorker"),
    "gunicorn": (*GUNICORN, "-k", "asgi", "--forwarded-allow-ips", ""),
}
PROXY = "127.0.0.2"  # an address of this machine that no server trusts by itself, as it does 127.0.0.1
FORWARDED = {
    "X-Forwarded-For": "198.51.100.1, 203.0.113.9",  # the first is what the client itself said
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/shop/",
    "Host": "localhost",
}


@pytest.fixture(params=SERVERS)
def port(request, tmp_path) -> Iterator[int]:
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    assert manage("migrate", DATABASE_URL=url).code == 0
    port = free_port()
    variables = {"DATABASE_URL": url, "TRUSTED_PROXIES": PROXY, "ASGI_APPLICATION": "tests.server.site:app"}
    process = subprocess.Popen(
        [sys.executable, *(part.format(port=port) for part in SERVERS[request.param])],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until_it_answers(process, port)
        yield port
    finally:
        stop(process)


def client(port: int, address: str) -> httpx.Client:
    """A client that asks from an address of this machine."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport, headers=FORWARDED, timeout=TIMEOUT)


def test_a_trusted_proxy_is_believed_and_nobody_else_is(port):
    with client(port, PROXY) as proxy:
        peer = {"host": "203.0.113.9", "scheme": "https", "prefix": "/shop", "url": "https://localhost/shop/peer"}
        assert proxy.get("/peer").json() == peer
        page = proxy.get("/api/posts?limit=1&offset=1").json()
        assert page["previous"] == "https://localhost/shop/api/posts?limit=1&offset=0"
        assert proxy.get("/admin/").headers["location"] == "/shop/admin/login?next=%2Fshop%2Fadmin%2F"
        login = proxy.get("/admin/login").text
        assert "/shop/admin/" in login
        assert not re.search(r"(?<!/shop)/admin/", login)
        assert "/shop/openapi.json" in proxy.get("/docs").text
        assert 'href="/shop/docs"' in proxy.get("/").text
    with client(port, "127.0.0.1") as other:
        peer = {"host": "127.0.0.1", "scheme": "http", "prefix": "", "url": "http://localhost/peer"}
        assert other.get("/peer").json() == peer
