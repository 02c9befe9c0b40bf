"""A real server and a real browser for tests of pages: `live_server` and `browser_page`.

The browser is the Chromium that `CHROMIUM` names, that is found on the PATH, or that Playwright installed itself
(`playwright install chromium`). Where there is none, tests marked `browser` are deselected, and the report says so:
a fresh machine need not have one. A test that opens a page fails if the page writes an error to the console, breaks its
Content-Security-Policy, or raises an exception in a script.
"""

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from multiprocessing.process import BaseProcess
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import httpx
import pytest

from dovetail.settings import Settings

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Page, Response

ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
PATIENCE = 120.0  # seconds until a page must show what a test expects, on a machine that may stand still for one minute
# A server is forked from a process that has these: importing them takes longer than all the rest of its start.
SERVED_BY = ("dovetail.testing.browser", "dovetail.application", "aiosqlite", "asyncpg", "sqladmin", "uvicorn")
START = 120.0  # seconds until a server must answer, on a machine that many share; one that ends is told at once


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, which `--strict-markers` asks for, and say what servers need imported."""
    config.addinivalue_line("markers", "browser: opens pages in a real Chromium (deselect with -m 'not browser')")
    multiprocessing.set_forkserver_preload(list(SERVED_BY))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of pages where there is no browser."""
    if _has_browser():
        return
    kept = [item for item in items if item.get_closest_marker("browser") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_report_header() -> str | None:
    """Say so in the report if tests of pages are left out."""
    if _has_browser():
        return None
    return "no browser: tests of pages are left out; install chromium, or name one with CHROMIUM"


@dataclass(frozen=True, kw_only=True)
class LiveServer:
    """A server in a process of its own: `url` is its address, without a slash at the end."""

    url: str
    process: BaseProcess | subprocess.Popen[bytes]


@dataclass
class PageErrors:
    """Collects what a page complains about."""

    messages: list[str] = field(default_factory=list)

    def watch(self, page: "Page") -> None:
        """Note what `page` complains about from now on."""
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.messages.append(f"exception: {error}"))
        page.on("response", self._note_response)

    def _note(self, message: "ConsoleMessage") -> None:
        # A page that answers 4xx is told here too, but a form with mistakes is no mistake of the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.messages.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _note_response(self, response: "Response") -> None:
        if response.status >= httpx.codes.BAD_REQUEST and response.request.resource_type != "document":
            self.messages.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def _before_serving() -> list[Callable[[], object]]:
    """Return what a server of a test calls before it makes its application; fixtures of plugins add to it."""
    return []


@pytest.fixture
def live_server(
    settings: Settings, settings_class: type[Settings], _before_serving: Sequence[Callable[[], object]]
) -> Iterator[LiveServer]:
    """Serve the site of the fixture `settings`, on its fresh database, by uvicorn on a free port."""
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "ENVIRONMENT": settings.environment,
        "PLUGINS": json.dumps(settings.plugins),
        "DATABASE_POOL_TIMEOUT": str(settings.database_pool_timeout),
        "DATABASE_LOCK_TIMEOUT": str(settings.database_lock_timeout),
        "DATABASE_CONNECT_TIMEOUT": str(settings.database_connect_timeout),
    }
    name = f"{settings_class.__module__}:{settings_class.__qualname__}"
    process = multiprocessing.get_context("forkserver").Process(
        target=_serve, args=(name, port, environment, list(_before_serving))
    )
    process.start()
    try:
        _wait_for(port, process)
        yield LiveServer(url=f"http://127.0.0.1:{port}", process=process)
    finally:
        process.terminate()
        process.join(PATIENCE)
        process.kill()  # nothing, if it has ended
        process.join()


@pytest.fixture(scope="module")  # its tests share an event loop then, which those of a whole session had better not
async def _browser() -> "AsyncIterator[Browser]":
    """Start a browser, which takes as long as a short test does with it; nothing but its process is shared by tests."""
    # Imported here, so that tests without a browser run without Playwright.
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_chromium(), args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
async def browser_page(_browser: "Browser", live_server: LiveServer) -> "AsyncIterator[Page]":
    """Open a page of a real browser, with `live_server` as its base; the test fails if a page complains.

    It has a context of its own, with cookies, storage and a cache that no other test has seen.
    """
    from playwright.async_api import expect

    errors = PageErrors()
    context = await _browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(PATIENCE * 1000)  # for the windows that a page opens, too
    expect.set_options(timeout=PATIENCE * 1000)
    page = await context.new_page()
    errors.watch(page)
    yield page
    for opened in _browser.contexts:  # those that the test has opened, too
        await opened.close()
    assert not errors.messages, "\n".join(errors.messages)  # noqa: S101 - a fixture of tests


def answers(port: int) -> bool:
    """Return True if a server on this machine answers at `port`, whatever it says.

    A client of httpx reads all certificates of the machine first, which takes longer than a site does to be made.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/health/live")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def _serve(
    settings_class: str, port: int, environment: Mapping[str, str], before: Sequence[Callable[[], object]]
) -> None:
    """Run the site whose settings the class of this name reads from `environment`, until the process ends."""
    # Imported here: only the server's own process needs them.
    import uvicorn

    from dovetail.application import site_application
    from dovetail.server.collector import defer_collection
    from dovetail.settings import load_settings

    defer_collection()
    os.environ.clear()
    os.environ.update(environment)
    for prepare in before:
        prepare()
    uvicorn.run(site_application(load_settings(resolve_name(settings_class))), port=port, log_level="warning")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: BaseProcess) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if process.exitcode is not None:
            raise RuntimeError(f"The server ended with exit code {process.exitcode} before it answered.")
        if answers(port):
            return
        time.sleep(0.02)
    raise RuntimeError(f"The server did not answer within {START} seconds.")


def _has_browser() -> bool:
    installed = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return _chromium() is not None or any(installed.glob("chromium*"))


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
