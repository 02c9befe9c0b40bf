"""`manage.py runserver`, as a process that serves."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from dovetail.cli.server.serving import Address, parse_address
from tests.running import ROOT, SECRET, TIMEOUT, free_port, manage, serving, start, stop, wait_until_it_answers


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    assert manage("migrate", DATABASE_URL=url).code == 0
    return url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, Address("127.0.0.1", 8000)),
        ("8001", Address("127.0.0.1", 8001)),
        ("0.0.0.0:8001", Address("0.0.0.0", 8001)),
        ("0.0.0.0", Address("0.0.0.0", 8000)),
        (":8001", Address("127.0.0.1", 8001)),
        ("[::1]:8001", Address("::1", 8001)),
        ("example.org:0", Address("example.org", 0)),
    ],
)
def test_an_address_is_a_port_a_host_or_both(text, expected):
    assert parse_address(text, None, None) == expected


def test_options_win_over_the_address():
    assert parse_address("0.0.0.0:8001", "::1", 9000) == Address("::1", 9000)


def test_the_address_to_look_at_is_one_that_a_browser_can_open():
    assert Address("0.0.0.0", 8000).url == "http://127.0.0.1:8000"
    assert Address("::", 8000).url == "http://[::1]:8000"
    assert Address("::1", 8000).url == "http://[::1]:8000"


@pytest.mark.parametrize("text", ["abc:x", "99999", "host:-1", "1:2:3:", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(text):
    result = manage("runserver", text)
    assert result.code == 2
    assert "is not PORT or HOST:PORT" in result.stderr


def test_a_taken_port_is_one_line_before_anything_starts():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = manage("runserver", str(port))
    assert result.error == f"port {port} on 127.0.0.1 is taken; choose another, e.g. --port {port + 1}"
    assert result.stdout == ""


def test_an_unknown_host_is_one_line():
    assert manage("runserver", "no-such-host.invalid:8000").error == (
        "cannot listen on 'no-such-host.invalid': there is no such host"
    )


def test_it_serves_without_naming_its_server(sqlite_url):
    port = free_port()
    with serving("runserver", str(port), DATABASE_URL=sqlite_url, port=port) as process:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=TIMEOUT)
        output = stop(process)
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert f"Dovetail is served at http://127.0.0.1:{port} by 1 process." in output
    assert process.returncode == 0
    assert "Traceback" not in output


def test_requests_are_logged_once_with_their_id_and_without_their_query(sqlite_url):
    port = free_port()
    with serving("runserver", str(port), "--no-reload", DATABASE_URL=sqlite_url, port=port) as process:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/tags", params={"search": "s3cret"}, timeout=TIMEOUT)
        output = stop(process)
    (line,) = [line for line in output.splitlines() if "/api/tags" in line]
    assert answer.headers["x-request-id"] in line
    assert "s3cret" not in output


def test_it_says_that_the_file_of_the_database_is_not_there(tmp_path):
    port = free_port()
    url = f"sqlite:///{tmp_path}/missing.sqlite3"
    with serving("runserver", str(port), "--no-reload", DATABASE_URL=url, port=port) as process:
        output = stop(process)
    assert f"there is no file {tmp_path}/missing.sqlite3; run `manage.py migrate`" in output
    assert list(tmp_path.iterdir()) == []


def test_it_names_the_migrations_that_were_not_applied(tmp_path):
    port = free_port()
    url = f"sqlite:///{tmp_path}/empty.sqlite3"
    (tmp_path / "empty.sqlite3").touch()
    with serving("runserver", str(port), "--no-reload", DATABASE_URL=url, port=port) as process:
        output = stop(process)
    assert "blog_0001" in output
    assert "manage.py migrate" in output


def test_a_database_that_is_away_is_said_and_served_nevertheless():
    port = free_port()
    url = "postgresql://ada:hidden@127.0.0.1:1/site"
    with serving("runserver", str(port), "--no-reload", DATABASE_URL=url, port=port) as process:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/tags", timeout=TIMEOUT)
        output = stop(process)
    assert answer.status_code == 503
    assert "WARNING The database did not answer as expected: " in output
    assert ". So nobody knows" in output
    assert "hidden" not in output


def test_it_names_nothing_when_all_migrations_were_applied(sqlite_url):
    port = free_port()
    with serving("runserver", str(port), "--no-reload", DATABASE_URL=sqlite_url, port=port) as process:
        output = stop(process)
    assert "_0001" not in output


def test_several_workers_share_the_port(sqlite_url):
    port = free_port()
    production = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET}
    with serving("runserver", str(port), "--workers", "2", DATABASE_URL=sqlite_url, port=port, **production) as process:
        output = stop(process)
    assert "by 2 processes" in output
    assert output.count("Application startup complete") == 2
    assert "kernel.W020" in output  # what production makes doubtful is said


def test_it_starts_again_when_a_file_changes(site):
    port = free_port()
    url = f"http://127.0.0.1:{port}/openapi.json"
    process = start("runserver", str(port), cwd=site, ENVIRONMENT="development", PYTHONPATH=site)
    try:
        wait_until_it_answers(process, port)
        assert httpx.get(url, timeout=TIMEOUT).json()["info"]["title"] == "Dovetail"
        settings = site / "config" / "settings.py"
        settings.write_text(settings.read_text() + '\n    site_name: str = "Changed"\n')
        deadline = time.monotonic() + TIMEOUT
        title = ""
        while title != "Changed" and time.monotonic() < deadline:
            time.sleep(0.2)
            try:
                title = httpx.get(url, timeout=TIMEOUT).json()["info"]["title"]
            except httpx.TransportError:
                continue
        assert title == "Changed"
    finally:
        stop(process)


def test_a_site_with_errors_does_not_start(tmp_path):
    package = tmp_path / "pkg_wrong"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(
        "from dovetail.plugin import CheckMessage, Level\nfrom dovetail.plugin import Plugin\n"
        "def no(context):\n    yield CheckMessage(id='wrong.E001', level=Level.ERROR, message='It is wrong.')\n"
        "plugin = Plugin(name='wrong', checks=(no,))\n"
    )
    result = manage("runserver", str(free_port()), PLUGINS='["pkg_wrong"]', PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert result.code == 1
    assert "ERROR (wrong.E001) It is wrong." in result.stderr
    assert "the site does not start before these errors are corrected" in result.stderr
    assert "served" not in result.stdout


def test_it_ends_when_it_is_told_to(sqlite_url):
    port = free_port()
    with serving("runserver", str(port), "--no-reload", DATABASE_URL=sqlite_url, port=port) as process:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0
    with socket.create_server(("127.0.0.1", port)) as again:  # the port is free again
        assert again.getsockname()[1] == port
