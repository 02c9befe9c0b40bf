"""Fixtures for tests of admin views: for each site that has this plugin, `dovetail.testing.plugin` loads them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from html.parser import HTMLParser
from typing import TypeAlias

import httpx
import pytest
from fastapi import FastAPI
from jinja2 import FileSystemBytecodeCache

from dovetail.contrib.admin.mounting.mounted import MountedSite
from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import SessionKind
from dovetail.contrib.auth.testing import new_token
from dovetail.database.unit_of_work import Database
from dovetail.settings import SETTINGS

ORIGIN = "http://testserver"
HIDDEN = ("template", "noscript")  # what a browser that runs scripts does not send
Values: TypeAlias = Mapping[str, str | Sequence[str] | None]


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once(
    tmp_path_factory: pytest.TempPathFactory, _before_serving: list[Callable[[], object]]
) -> None:
    """Each test makes a site of its own, and compiling its templates takes longer than most tests."""
    keep = partial(_keep_compiled, str(tmp_path_factory.mktemp("templates")))
    keep()
    _before_serving.append(keep)


class BackOffice:
    """Somebody at work in the back office: opens pages, fills in forms and sends them as a browser does."""

    def __init__(self, client: httpx.AsyncClient, root: str = "/admin") -> None:
        self.client = client
        self.root = root  # where the site has mounted it
        self._tokens: dict[frozenset[tuple[str, str | None]], str] = {}

    async def get(self, path: str, **parameters: str | Sequence[str]) -> httpx.Response:
        """Open a page."""
        return await self.client.get(f"{self.root}{path}", params=parameters or None)

    async def token(self) -> str:
        """Return the token of the forms: that of the session, which no page is asked for twice."""
        session = frozenset((one.name, one.value) for one in self.client.cookies.jar if "session" in one.name)
        found = self._tokens.get(session)
        if found is None:
            page = await self.get("/")
            found = str(read_form(page.text)["csrf_token"][0])
            if session:  # a visitor's is another one
                self._tokens[session] = found
        return found

    async def post(self, path: str, data: Values) -> httpx.Response:
        """Send a form with a valid token."""
        return await self.client.post(f"{self.root}{path}", data={"csrf_token": await self.token(), **data})

    async def submit(self, path: str, changes: Values) -> httpx.Response:
        """Open the form at `path`, change some of its fields (None leaves one out), and send it."""
        page = await self.get(path)
        assert page.status_code == httpx.codes.OK, page.text  # noqa: S101 - a test helper
        values: dict[str, str | Sequence[str] | None] = {**read_form(page.text), "save": "list", **changes}
        data = {name: value for name, value in values.items() if value is not None}
        return await self.client.post(f"{self.root}{path}", data=data)


@pytest.fixture
async def back_office_for(app: FastAPI, database: Database) -> AsyncIterator[Callable[[User], Awaitable[BackOffice]]]:
    """Log a user in to the back office: `await back_office_for(user)`."""
    cookie = Cookies(SETTINGS.get(app).secret_key, secure=False).session
    async with AsyncExitStack() as stack:

        async def make(user: User) -> BackOffice:
            async with database.unit_of_work() as session:
                key = await new_token(session, user.id, kind=SessionKind.OFFICE)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url=ORIGIN,
                headers={"Origin": ORIGIN},
                cookies={cookie: key},
            )
            client.event_hooks = {"response": [partial(_forget_what_was_replaced, client, cookie)]}
            root = app.url_path_for("admin:index").removesuffix("/")
            return BackOffice(await stack.enter_async_context(client), root)

        yield make


def read_form(html: str) -> dict[str, list[str]]:
    """Return what a browser would send of the last form of a page, as lists of values by field."""
    reader = _FormReader()
    reader.feed(html)
    return reader.forms[-1] if reader.forms else {}


def _keep_compiled(folder: str) -> None:
    MountedSite.bytecode_cache = FileSystemBytecodeCache(folder)


async def _forget_what_was_replaced(client: httpx.AsyncClient, name: str, _response: httpx.Response) -> None:
    """Forget the cookie that a session began with once it has another one, which httpx keeps by its host."""
    found = [cookie for cookie in client.cookies.jar if cookie.name == name]
    if len({cookie.domain for cookie in found}) > 1:
        client.cookies.delete(name, domain="")


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select = self._textarea = ""
        self._templates = 0  # how deep it is in what is hidden

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, and the fields in it."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        self._templates += tag in HIDDEN
        if not self.forms or self._templates:
            return
        if (
            tag == "input"
            and "name" in found
            and (found.get("type") not in {"checkbox", "radio"} or "checked" in found)
        ):
            self._add(found["name"], found.get("value", "on"))
        elif tag == "select":
            self._select = found.get("name", "")
        elif tag == "option" and "selected" in found:
            self._add(self._select, found.get("value", ""))
        elif tag == "textarea":
            self._textarea = found.get("name", "")
            self._add(self._textarea, "")

    def handle_data(self, data: str) -> None:
        """Add the text of a textarea, without the line end that HTML allows in front of it."""
        if self._textarea:
            values = self.forms[-1][self._textarea]
            values[-1] += data if values[-1] else data.removeprefix("\r").removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a textarea, and of a template."""
        self._templates -= tag in HIDDEN
        if tag == "textarea":
            self._textarea = ""

    def _add(self, name: str, value: str) -> None:
        self.forms[-1].setdefault(name, []).append(value)
