"""Keeps every secret that a test's clients are given or send, and looks for them in events and in the log."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import httpx
from sqlalchemy import inspect

from dovetail.contrib.auth.events.models import SecurityEvent

SECRET_FIELDS = {
    *("access_token", "refresh_token", "token", "secret", "challenge", "recovery_codes", "recovery_code", "code"),
    *("password", "current_password", "new_password", "uri", "csrf_token", "signature", "state", "nonce"),
    *("client_secret", "code_verifier", "code_challenge", "clientDataJSON", "id_token"),
}
SHORTEST = 5  # characters: what is shorter is found anywhere
# What the clients and the provider of tests log, and drivers that write whatever they do, where an operator lets them.
NOT_OURS = ("httpx", "httpcore", "uvicorn", "aiosqlite", "asyncio")


class Watch:
    """The secrets of one test."""

    def __init__(self, caplog) -> None:
        caplog.set_level(logging.DEBUG)
        self._caplog = caplog
        self.secrets: set[str] = set()

    def keep(self, *secrets: str) -> None:
        self.secrets |= {one for one in secrets if len(one) >= SHORTEST}

    def follow(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Keep what a client sends and is given: cookies, headers, and the fields of bodies and addresses."""
        client.event_hooks["response"].append(self._note)
        return client

    async def _note(self, response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        self.keep(*(value.partition("=")[2].partition(";")[0] for value in response.headers.get_list("set-cookie")))
        self.keep(*(pair.partition("=")[2] for pair in request.headers.get("cookie", "").split("; ")))
        self.keep(request.headers.get("authorization", "").rpartition(" ")[2])
        for address in (str(request.url), response.headers.get("location", "")):
            self.keep(*(value for name, value in parse_qsl(urlsplit(address).query) if name in SECRET_FIELDS))
        for message in (request, response):
            kind, body = message.headers.get("content-type", ""), message.content
            if "json" in kind and body:
                self.keep(*_secrets_in(json.loads(body)))
            elif "form" in kind:
                self.keep(*(value for name, value in parse_qsl(body.decode()) if name in SECRET_FIELDS))

    def check(self, rows: list[SecurityEvent]) -> None:
        """See that no secret is in an event or in a line of the log, in whatever form."""
        columns = inspect(SecurityEvent).columns.keys()
        told = [" ".join(str(getattr(row, name)) for name in columns if name not in ("id", "times")) for row in rows]
        records = [one for one in self._caplog.records if not one.name.startswith(NOT_OURS)]
        assert records
        told += [logging.Formatter().format(one) for one in records]
        held = told + [repr({name: value for name, value in vars(one).items() if name != "msecs"}) for one in records]
        for secret in self.secrets:
            for form in {secret, quote(secret), quote_plus(secret)}:
                found = [text for text in (told if secret.isdigit() else held) if _holds(text, form)]
                assert found == [], (form, found[:3])


def _holds(text: str, secret: str) -> bool:
    if not secret.isdigit():
        return secret in text
    return re.search(rf"(?<![\w.:-]){secret}(?![\w.:-])", text) is not None  # six digits are in many a number


def _secrets_in(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _secrets_in(one, str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _secrets_in(one, name)
    elif isinstance(value, str) and name in SECRET_FIELDS:
        yield value
