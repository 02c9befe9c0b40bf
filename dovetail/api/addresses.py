"""Where pages of the site are, if they are mounted at all: a site may move or drop any."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import NoMatchFound


def path_of(app: FastAPI, name: str, /, **parameters: str) -> str | None:
    """Return the path of the route `name` ("show_docs", "admin:index"), without the prefix of a proxy; None if none."""
    try:
        return str(app.url_path_for(name, **parameters))
    except NoMatchFound:
        return None


def address_of(request: Request, name: str, /, **parameters: str) -> str | None:
    """Return the path of the route `name` as a browser asks for it, behind the prefix of a proxy; None if none."""
    try:
        return request.url_for(name, **parameters).path
    except NoMatchFound:
        return None
