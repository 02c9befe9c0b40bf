"""Describe a site's authentication schemes for the OpenAPI document, the challenges of a 401, and caches."""

from collections.abc import Callable, Mapping
from functools import cache

from starlette.applications import Starlette

from dovetail.api.credentials import CredentialSchemes, Requirement
from dovetail.contrib.auth.credentials.browser_sessions import BROWSER_SESSIONS, CSRF_HEADER
from dovetail.contrib.auth.credentials.reading import CredentialReader
from dovetail.contrib.auth.setting_types.schemes import Scheme
from dovetail.middleware.cache_control import CredentialHeaders

CSRF = "CSRF"  # the name of the security scheme for the CSRF header


def describe(app: Starlette, reader: CredentialReader) -> Callable[[], CredentialSchemes]:
    """Return a function that returns the schemes of an application; call it after all plugins are set up."""

    @cache
    def schemes() -> CredentialSchemes:
        documented = {name: one for scheme in reader.schemes for name, one in _documented(app, reader, scheme)}
        return CredentialSchemes(
            documented=documented,
            safe=[{scheme.value: []} for scheme in reader.schemes],
            unsafe=[_unsafe(scheme) for scheme in reader.schemes],
            challenges=_challenges(reader),
            placeholder=Scheme.BEARER.value,
        )

    return schemes


def headers_of(reader: CredentialReader) -> CredentialHeaders:
    """Return the headers that these schemes read."""
    names = {
        Scheme.BEARER: "Authorization",
        Scheme.TOKEN: "Authorization",
        Scheme.API_KEY: reader.api_key_header,
        Scheme.SESSION: "Cookie",
    }
    return CredentialHeaders(tuple(dict.fromkeys(names[scheme] for scheme in reader.schemes)))


def _documented(app: Starlette, reader: CredentialReader, scheme: Scheme) -> list[tuple[str, Mapping[str, object]]]:
    match scheme:
        case Scheme.BEARER:
            flow = {"scopes": {}, "tokenUrl": "login", "refreshUrl": "refresh_token"}
            # FastAPI's dependency describes the rest; this adds the refresh endpoint.
            return [(scheme.value, {"flows": {"password": flow}} if reader.gives_refresh_tokens else {})]
        case Scheme.TOKEN:
            what = "The word Token, a space, and a token: `Token dvt_...`."
            return [(scheme.value, _key("header", "Authorization", what))]
        case Scheme.API_KEY:
            return [(scheme.value, _key("header", reader.api_key_header, "A token, and nothing else."))]
        case Scheme.SESSION:
            cookie = BROWSER_SESSIONS.get(app).cookie()
            what = "The session of the back office, for pages of the same origin."
            token = "The token that get_csrf_token gives, for what changes something."  # noqa: S105 - a description
            return [
                (scheme.value, _key("cookie", cookie, what)),
                (CSRF, _key("header", CSRF_HEADER, token)),
            ]


def _key(place: str, name: str, description: str) -> Mapping[str, object]:
    return {"type": "apiKey", "in": place, "name": name, "description": description}


def _unsafe(scheme: Scheme) -> Requirement:
    return {scheme.value: [], CSRF: []} if scheme is Scheme.SESSION else {scheme.value: []}


def _challenges(reader: CredentialReader) -> list[str]:
    """Return a challenge for each scheme of the Authorization header.

    If there is none, return one for another scheme, since a 401 requires a challenge (RFC 9110, section 15.5.2).
    """
    found = [scheme.value for scheme in reader.schemes if scheme in {Scheme.BEARER, Scheme.TOKEN}]
    if found:
        return found
    return [f'ApiKey header="{reader.api_key_header}"'] if Scheme.API_KEY in reader.schemes else ["Cookie"]
