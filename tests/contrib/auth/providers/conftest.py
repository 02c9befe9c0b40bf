"""A site whose users may log in at a real provider, and a browser that goes there and comes back."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from dovetail.settings import Settings
from tests.contrib.auth.providers.provider import CLIENT_ID, CLIENT_SECRET, RealProvider


@pytest.fixture(scope="session")
def _provider_process() -> Iterator[RealProvider]:
    """A provider on this machine, in a thread of its own: to start one takes longer than most tests."""
    real = RealProvider()
    config = uvicorn.Config(real.app, host="127.0.0.1", port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        real.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = Thread(target=server.run, args=([listener],))
        thread.start()
        yield real
        server.should_exit = True
        thread.join()


@pytest.fixture
def provider(_provider_process: RealProvider) -> RealProvider:
    """The provider, as it is at first: honest."""
    _provider_process.reset()
    return _provider_process


@pytest.fixture
def options() -> dict[str, Any]:
    """What a test says of the provider besides: `options["sign_up"] = True` in a fixture or a parameter."""
    return {}


@pytest.fixture
def settings(
    settings: Settings, provider: RealProvider, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """The site's settings; the environment names the provider twice, as an OpenID provider and as an OAuth 2 server."""
    ours = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "internal_network": True, "timeout": 60}
    more = {"second_factor_amr": ["otp"], **options}
    corner = {"name": "corner", "kind": "oidc", "issuer": provider.base, **ours, **more}
    code = {
        "name": "code",
        "title": "Code Hub",
        "kind": "oauth2",
        "authorization_endpoint": f"{provider.base}/authorize",
        "token_endpoint": f"{provider.base}/token",
        "userinfo_endpoint": f"{provider.base}/user",
        "emails_endpoint": f"{provider.base}/emails",
        "claims": {"subject": "id", "username": "login"},
        **ours,
    }
    monkeypatch.setenv("AUTH_PROVIDERS", json.dumps([corner, code]))
    return settings


@dataclass
class Browser:
    """A browser with cookies, at our site and at the provider's."""

    client: httpx.AsyncClient

    async def leave(self, name: str = "corner", **query: str) -> httpx.Response:
        """Follow the link of the provider's button; the answer leads to the provider."""
        return await self.client.get(f"/api/auth/providers/{name}/login", params=query)

    async def be_sent_back(self, left: httpx.Response) -> str:
        """Log in at the provider, and return the address it sends the browser back to."""
        async with httpx.AsyncClient(verify=False, timeout=60) as outside:
            return str((await outside.get(left.headers["location"])).headers["location"])

    async def return_to(self, address: str) -> httpx.Response:
        """Follow the way back."""
        return await self.client.get(address)

    async def go_and_return(self, name: str = "corner", **query: str) -> httpx.Response:
        """Go to the provider, log in there, and come back."""
        left = await self.leave(name, **query)
        assert left.status_code == 303, left.text
        return await self.return_to(await self.be_sent_back(left))

    async def log_in(self, name: str = "corner", **query: str) -> httpx.Response:
        """Do all of it: the answer has a token, or says what went wrong."""
        back = await self.go_and_return(name, **query)
        assert back.status_code == 303, back.text
        return await self.client.post("/api/auth/providers/token")

    async def connect(self, token: str, name: str = "corner") -> httpx.Response:
        """Go and return, and connect the login with the account that the token is of."""
        assert (await self.go_and_return(name)).status_code == 303
        return await self.client.post("/api/auth/connected-logins", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    async with new_browser(app) as client:
        yield Browser(client)


def new_browser(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")
