"""What tests of auth share."""

import re

import httpx

from dovetail.contrib.auth.accounts.passwords import HashedPassword
from dovetail.contrib.auth.mail.backends import EmailMessage
from dovetail.contrib.auth.testing import PASSWORD
from dovetail.contrib.auth.users import hash_new_password

NEW_PASSWORD = "another long passphrase"
ADA = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}


async def login(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/auth/login", data={"username": name, "password": password})


async def token_of(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> str:
    response = await login(client, name, password)
    assert response.status_code == 200, response.text
    return str(response.json()["access_token"])


async def hashed(password: str = NEW_PASSWORD) -> HashedPassword:
    return await hash_new_password(password, username="ada", email="ada@example.org")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_in(message: EmailMessage) -> str:
    found = re.findall(r"(?:^|[?]token=)([A-Za-z0-9_-]{43})$", message.body, re.MULTILINE)
    assert len(found) == 1, message.body
    return str(found[0])


def pointers(response: httpx.Response) -> list[str]:
    return [error["pointer"] for error in response.json()["errors"]]
