"""What tests of auth share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from sqlalchemy import event

from project.contrib.auth.email import EmailMessage
from project.contrib.auth.testing import PASSWORD
from project.database.session import Database

NEW_PASSWORD = "another long passphrase"
ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements that are executed in the block, without BEGIN and savepoints."""
    seen: list[str] = []

    def remember(_connection, _cursor, statement, *_):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", remember)


async def login(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/auth/login", data={"username": name, "password": password})


async def token_of(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> str:
    response = await login(client, name, password)
    assert response.status_code == 200, response.text
    return str(response.json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_in(message: EmailMessage) -> str:
    found = re.findall(r"^[A-Za-z0-9_-]{43}$", message.body, re.MULTILINE)
    assert len(found) == 1, message.body
    return str(found[0])


def pointers(response: httpx.Response) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]
