"""A real OpenID provider, and OAuth 2 server, for tests: it lies if it is told to.

It checks what a provider has to check: redirect URI, client, PKCE, and that a code is used once.
"""

import secrets
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.responses import JSONResponse, RedirectResponse, Response

CLIENT_ID, CLIENT_SECRET = "our-site", "a-secret-of-ours"


@dataclass
class Person:
    """Somebody with an account at the provider."""

    subject: str = "248289761001"
    email: str = "ada@example.org"
    email_verified: object = True
    name: str = "Ada Lovelace"
    username: str = "ada.l"


@dataclass
class Grant:
    """A code that was given out, and the token it was exchanged for."""

    person: Person
    request: dict[str, str]
    access_token: str = ""


@dataclass
class Lies:
    """What the provider does wrong; nothing, at first."""

    claims: dict[str, object] = field(default_factory=dict)  # in the ID token; None leaves one out
    header: dict[str, object] = field(default_factory=dict)
    userinfo: dict[str, object] = field(default_factory=dict)
    discovery: dict[str, object] = field(default_factory=dict)
    key_marks: dict[str, object] = field(default_factory=dict)  # of the keys that it shows
    key: RSAKey | ECKey | OctKey | None = None  # signs, and nobody is told
    unsigned: bool = False
    iss: str | None = None  # in the answer to the browser; "" leaves it out
    answer: Response | None = None  # of the token endpoint
    status: int = 200  # of every answer
    before_answer: Callable[[], object] = lambda: None  # called while somebody waits for an answer


class RealProvider:
    """The provider: `app` is served, `base` is its address."""

    def __init__(self) -> None:
        self.base = ""
        self.reset()
        self.app = FastAPI()
        for path, handler, method in (
            ("/.well-known/openid-configuration", self.discovery, "GET"),
            ("/jwks", self.jwks, "GET"),
            ("/authorize", self.authorize, "GET"),
            ("/token", self.token, "POST"),
            ("/userinfo", self.userinfo, "GET"),
            ("/user", self.user, "GET"),
            ("/emails", self.emails, "GET"),
        ):
            self.app.add_api_route(path, handler, methods=[method])

    def reset(self) -> None:
        """Be honest, and know nobody."""
        self.person = Person()
        self.refuses = ""  # the error that people come back with
        self.lies = Lies()
        self.keys: list[RSAKey | ECKey] = [ECKey.generate_key("P-256", parameters={"kid": "one", "use": "sig"})]
        self.grants: dict[str, Grant] = {}
        self.asked: list[str] = []  # paths, in the order of coming

    def rotate(self) -> None:
        """Sign with a new key from now on, and forget the old one."""
        self.keys = [ECKey.generate_key("P-256", parameters={"kid": secrets.token_hex(4), "use": "sig"})]

    def discovery(self, request: Request) -> Response:
        self._note(request)
        document = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "userinfo_endpoint": f"{self.base}/userinfo",
            "jwks_uri": f"{self.base}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.lies.discovery
        return JSONResponse({k: v for k, v in document.items() if v is not None}, self.lies.status)

    def jwks(self, request: Request) -> Response:
        self._note(request)
        shown = [{**key, **self.lies.key_marks} for key in KeySet(self.keys).as_dict()["keys"]]
        return JSONResponse({"keys": shown}, self.lies.status)

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"].startswith("http://testserver/api/auth/providers/")
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        answer = {"state": asked["state"], "iss": self.base if self.lies.iss is None else self.lies.iss}
        if self.refuses:
            answer["error"] = self.refuses
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.grants[answer["code"]] = Grant(self.person, asked)
        query = urlencode({key: value for key, value in answer.items() if value})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 302)

    async def token(self, request: Request) -> Response:
        self._note(request)
        if self.lies.answer is not None:
            return self.lies.answer
        form = {key: str(value) for key, value in (await request.form()).items()}
        grant = self.grants.pop(form.get("code", ""), None)
        if _client_of(request, form) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            grant is None
            or form["redirect_uri"] != grant.request["redirect_uri"]
            or create_s256_code_challenge(form["code_verifier"]) != grant.request["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        grant.access_token = secrets.token_urlsafe(16)
        self.grants[grant.access_token] = grant
        answer = {"access_token": grant.access_token, "token_type": "Bearer", "expires_in": 60}
        if "openid" in grant.request.get("scope", ""):
            answer["id_token"] = self.sign(grant)
        return JSONResponse(answer, self.lies.status)

    def sign(self, grant: Grant) -> str:
        person, now = grant.person, int(time.time())
        claims: dict[str, Any] = {
            "iss": self.base,
            "sub": person.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.request["nonce"],
            "email": person.email,
            "email_verified": person.email_verified,
            "name": person.name,
            "preferred_username": person.username,
        }
        if "max_age" in grant.request:
            claims["auth_time"] = now
        claims = {key: value for key, value in (claims | self.lies.claims).items() if value is not None}
        key = self.lies.key or self.keys[-1]
        algorithm = {"oct": "HS256", "EC": "ES256"}.get(key.key_type, "RS256")
        header = {"alg": algorithm, "kid": self.keys[-1].kid} | self.lies.header
        header = {name: value for name, value in header.items() if value is not None}
        text = jwt.encode(header, claims, key, registry=JWSRegistry(algorithms=[algorithm]))
        if self.lies.unsigned:
            from joserfc.util import urlsafe_b64encode

            head = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode()
            text = f"{head}.{text.split('.')[1]}."
        return text

    def userinfo(self, request: Request) -> Response:
        person = self._bearer(request).person
        claims = {"sub": person.subject, "email": person.email, "email_verified": person.email_verified}
        return JSONResponse(claims | self.lies.userinfo)

    def user(self, request: Request) -> Response:
        person = self._bearer(request).person
        return JSONResponse({"id": int(person.subject), "login": person.username, "name": person.name, "email": None})

    def emails(self, request: Request) -> Response:
        person = self._bearer(request).person
        return JSONResponse(
            [
                {"email": "other@example.org", "primary": False, "verified": True},
                {"email": person.email, "primary": True, "verified": person.email_verified},
            ]
        )

    def _note(self, request: Request) -> None:
        self.asked.append(request.url.path)
        self.lies.before_answer()

    def _bearer(self, request: Request) -> Grant:
        self._note(request)
        return self.grants[request.headers["authorization"].removeprefix("Bearer ")]


def _client_of(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        name, _, secret = b64decode(value).decode().partition(":")
        return unquote(name), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret", "")
