"""What schemathesis has to know of our site that an OpenAPI document cannot say; each with its reason.

It asks with a bearer token of a real user, and with a new one when that was revoked: requests that are made up log out,
change passwords and deactivate people, too.
"""

import os
import re
from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema_rs
import schemathesis
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import ensure_resource_availability
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.testing import new_token
from tests.contract.sparse import without_required
from tests.outside import run_async, settings_for

DATABASE_URL, USER_ID = os.environ["CONTRACT_DATABASE_URL"], int(os.environ["CONTRACT_USER_ID"])
GET = "GET"

# What a valid body or query can still be refused for, by the type of the error and the name of what is wrong.
MEANING = (
    ("unknown", r"/permissions|/scopes"),  # of no plugin
    ("value_error", r""),  # a token to make that names scopes and wants to be unlimited, or does neither
    ("invalid", r"/lifetime_days"),  # longer than the site's settings allow
    ("invalid_grant", r"/refresh_token"),  # made by us
    ("unsupported_grant_type", r"/grant_type"),  # of a site that gives no refresh tokens
    ("weak_password", r"/password"),  # too common, or like the name of the user
    ("invalid", r"/current_password|/password"),
    ("bad_number", r"(?s)/passkey/.*"),  # in what else a browser sends of a passkey, which may be any JSON
    ("bad_token", r"/token"),  # from an e-mail
    ("wrong_factor", r"/(code|passkey)"),  # of a device that is about to be enrolled
    ("bad_state", r"state"),  # of a login at a provider, made by us
    ("bad_cursor", r"cursor"),  # signed by us
    ("key_reused", r"Idempotency-Key"),
    ("repeated", r"ordering|/items/\d+(/id)?|/ids/\d+"),  # "not twice" is beyond JSON Schema where objects are compared
    ("not-found", r"/items/\d+|/ids/\d+"),  # in bulk, with something else that is wrong
    ("permission-denied", r"/items/\d+|/ids/\d+"),  # as above
    ("stale-write", r"/items/\d+"),
    ("invalid", r"(/items/\d+)?/author_id|/parent_id"),  # nobody has this key
    ("conflict", r"/items/\d+"),
    ("permission-denied", r"/items/\d+"),
    # Names are normalised as Unicode says (NFKC), and then they may be too long or hold what nobody can see.
    ("value_error", r"(/items/\d+)?(/name|/tags/\d+)|/username|tags__name"),
    ("more", r""),  # stands for those beyond the first ones that an answer lists
    ("value_error", r"/email"),  # JSON Schema's format takes domains that can never get mail
)

complete: dict[str, Any] = {}  # the document as the site gives it


class Session:
    """The token of the one who asks."""

    token: str | None = None

    @classmethod
    def header(cls) -> str:
        """What to send; a new token if there is none."""
        if cls.token is None:
            cls.token = run_async(settings_for(DATABASE_URL), _make_token)
        return f"Bearer {cls.token}"


@schemathesis.auth(refresh_interval=None)
class BearerToken:
    """Every request carries the token, except where a check leaves it out on purpose."""

    def get(self, case: Case, context: AuthContext) -> str:
        """The header's value."""
        return Session.header()

    def set(self, case: Case, data: str, context: AuthContext) -> None:
        """Put it on the request."""
        case.headers = {**(case.headers or {}), "Authorization": data}


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Read the document as schemathesis understands it best.

    It looks for operations that forget to ask for a token where the scheme is HTTP's "bearer", which is how the token
    of our OAuth2 scheme is sent. And `fields=` leaves fields out of an answer that are required without it, which a
    document can say only by taking the promise back for everybody: `answers_are_complete` holds it instead.
    """
    complete.update(deepcopy(raw_schema))
    for scheme in raw_schema["components"]["securitySchemes"].values():
        if scheme["type"] == "oauth2":
            scheme.clear()
            scheme.update(type="http", scheme="bearer")
    for operations in raw_schema["paths"].values():
        if any(parameter["name"] == "fields" for parameter in operations.get("get", {}).get("parameters", ())):
            media = operations["get"]["responses"]["200"]["content"]["application/json"]
            media["schema"] = without_required(media["schema"], raw_schema)


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Ask for one page in one way: that `cursor` and `offset` exclude each other is beyond OpenAPI's parameters."""
    query = case.query or {}
    if "cursor" in query and str(query.get("offset", "")).isdecimal() and _is_positive(case):
        del query["offset"]


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Forget a token that is good no more."""
    sent = response.request.headers.get("Authorization")
    if response.status_code == 401 and sent == f"Bearer {Session.token}":
        Session.token = None


@schemathesis.check
def answers_are_complete(context: CheckContext, response: Response, case: Case) -> None:
    """An answer has everything the document requires, unless `fields` asked for less."""
    if response.status_code != 200 or case.method != GET or "fields" in (case.query or {}):
        return
    media = complete["paths"][case.path]["get"]["responses"]["200"]["content"].get("application/json")
    if media is not None:
        error = next(_validator(case.path).iter_errors(response.json()), None)
        assert error is None, f"{error}"


@schemathesis.check
def what_was_made_is_there(context: CheckContext, response: Response, case: Case) -> None:
    """A new object is found where its POST said, unless that POST only repeated an answer to its Idempotency-Key.

    What was made when the key came first may be gone by then. The check inside is schemathesis' own; what it knows of a
    scenario is not a stable API, it says, so a new version may ask for a change here.
    """
    made_by = context.internals.find_parent(case_id=case.id)
    answer = None if made_by is None else context.internals.find_response(case_id=made_by.id)
    if case.path.startswith("/api/auth/factors/totp/"):
        return  # an app is a factor once a code of it has confirmed it
    if answer is None or "idempotency-replayed" not in answer.headers:
        ensure_resource_availability(context, response, case)


@schemathesis.check
def only_meaning_is_refused(context: CheckContext, response: Response, case: Case) -> None:
    """A request that fits the document is refused for what it means, never for its form."""
    if response.status_code not in (400, 422) or not _is_positive(case):
        return
    errors = response.json()["errors"]
    assert errors, f"the document allows this request: {response.json()['detail']}"
    for error in errors:
        known = any(error["type"] == kind and re.fullmatch(where, error["pointer"]) for kind, where in MEANING)
        assert known, f"the document allows this request: {error}"


@cache
def _validator(path: str) -> jsonschema_rs.Draft202012Validator:
    schema = complete["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({"components": complete["components"], **schema})


def _is_positive(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


async def _make_token(session: AsyncSession) -> str:
    return await new_token(session, USER_ID, lifetime=24 * 3600)
