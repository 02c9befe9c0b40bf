"""The two sites on one large blog: Dovetail with its back office, Django with its admin and REST framework."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.machine import Cores, plain_url
from benchmarks.servers import ROOT, SECRET, Contestant, Server, dovetail, serve
from config.settings import Settings

NAME, PASSWORD = "root", "correct horse battery staple"
TOKEN_FIELD = re.compile(r'name="(csrf_token|csrfmiddlewaretoken)" value="([^"]+)"')
FORM = "application/x-www-form-urlencoded"
PACKAGE = "benchmarks.contestants.django_admin"
DJANGO = Contestant(
    name="django",
    title="Django admin, REST framework",
    app=f"{PACKAGE}.asgi:app",
    variables={"DJANGO_SETTINGS_MODULE": f"{PACKAGE}.settings"},
)

PLUGINS = Settings.model_fields["plugins"].default
HISTORY = "dovetail.contrib.history"
PLAIN = "no history"
CONTESTANTS = {
    "dovetail": dovetail(PLUGINS=json.dumps(PLUGINS)),  # as nobody has changed it
    "django": DJANGO,
    PLAIN: dovetail(PLAIN, PLUGINS=json.dumps([one for one in PLUGINS if one != HISTORY])),
}


@dataclass(frozen=True)
class Site:
    """A server that listens, and the cookies of a superuser who is logged in."""

    server: Server
    cookies: str = ""
    token: str = ""  # for the API of ours
    forms: dict[str, str] = field(default_factory=dict)  # what each form has against forged requests, once it is known

    def send(self, connection: HTTPConnection, path: str, fields: Mapping[str, object]) -> tuple[HTTPResponse, bytes]:
        """Send a form as the superuser. Raises RuntimeError unless that is accepted, by 200, 302 or 303."""
        origin = f"http://127.0.0.1:{self.server.port}"
        headers = {"Cookie": self.cookies, "Origin": origin, "Referer": f"{origin}{path}", "Content-Type": FORM}
        connection.request("POST", path, urlencode(fields, doseq=True), headers)
        response = connection.getresponse()
        body = response.read()
        if response.status not in (200, 302, 303):
            told = body[:2_000].decode(errors="replace")
            raise RuntimeError(f"{self.server.contestant.name} answered a form to {path} by {response.status}: {told}")
        return response, body

    def ask(self, connection: HTTPConnection, path: str) -> tuple[HTTPResponse, bytes]:
        """Get a page as the superuser, as a whole. Raises RuntimeError unless the status is 200."""
        connection.request("GET", path, headers={"Cookie": self.cookies} if self.cookies else {})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:  # noqa: PLR2004 - the only one that is worth a figure
            told = body[:2_000].decode(errors="replace")
            raise RuntimeError(f"{self.server.contestant.name} answered {path} with {response.status}: {told}")
        return response, body


@contextmanager
def opened(url: str, names: Sequence[str], folder: Path, cores: Cores) -> Iterator[tuple[Site, ...]]:
    """The sites of these names on the filled database at `url`, each with a superuser who is logged in."""
    plain = plain_url(url)
    for name in names:
        if name != PLAIN or "dovetail" not in names:  # that site has those of the other
            _make_superuser(name, plain)
    chosen = tuple(CONTESTANTS[name] for name in names)
    with serve(chosen, plain, folder, cores) as servers:
        yield tuple(_log_in(Site(server)) for server in servers)


def _make_superuser(name: str, url: str) -> None:
    environment = os.environ | {"DATABASE_URL": url, "SECRET_KEY": SECRET, **CONTESTANTS[name].variables}
    if CONTESTANTS[name].is_dovetail:
        given = {"SUPERUSER_USERNAME": NAME, "SUPERUSER_EMAIL": "root@example.org", "SUPERUSER_PASSWORD": PASSWORD}
        _run(["manage.py", "createsuperuser", "--noinput"], environment | given)
    else:
        given = {"DJANGO_SUPERUSER_USERNAME": NAME, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        _run(["-m", f"{PACKAGE}.prepare"], environment | given)


def _run(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: {done.stdout}{done.stderr}")


def _log_in(site: Site) -> Site:
    path = "/admin/login" if site.server.contestant.is_dovetail else "/admin/login/"
    connection = HTTPConnection("127.0.0.1", site.server.port)
    connection.request("GET", path)
    response = connection.getresponse()
    found = TOKEN_FIELD.search(response.read().decode())
    if found is None:
        raise RuntimeError(f"{site.server.contestant.name} has no form at {path}")
    cookies = _cookies(response)
    form = urlencode({found[1]: found[2], "username": NAME, "password": PASSWORD})
    headers = {"Cookie": _join(cookies), "Content-Type": FORM}
    origin = f"http://127.0.0.1:{site.server.port}"
    connection.request("POST", path, form, headers | {"Origin": origin, "Referer": f"{origin}{path}"})
    response = connection.getresponse()
    body = response.read()
    if response.status not in (302, 303):
        raise RuntimeError(f"{site.server.contestant.name} let nobody in: {response.status} {body[:500]!r}")
    found_token = _api_token(connection) if site.server.contestant.is_dovetail else ""
    return replace(site, cookies=_join(cookies | _cookies(response)), token=found_token)


def _api_token(connection: HTTPConnection) -> str:
    form = urlencode({"username": NAME, "password": PASSWORD})
    connection.request("POST", "/api/auth/login", form, {"Content-Type": FORM})
    answer = json.loads(connection.getresponse().read())
    return str(answer["access_token"])


def _cookies(response: HTTPResponse) -> dict[str, str]:
    pairs = (header.partition(";")[0].partition("=") for header in response.headers.get_all("Set-Cookie") or ())
    return {name: value for name, _, value in pairs if value not in ("", '""')}


def _join(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
