"""The site on FastAPI's road alone; `APPLICATION_FACTORY=tests.contract.usual:create_app` serves it."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from dovetail.api.front.fast_path import FastPathMiddleware
from dovetail.api.front.repeating import Repeating
from dovetail.settings import Settings
from project.application import create_app as create_site

FACTORY = f"{__name__}:create_app"


def create_app(settings: Settings) -> FastAPI:
    """The site's application without its fast path."""
    return without_fast_path(create_site(settings))


def without_fast_path(app: FastAPI) -> FastAPI:
    """Take the fast path out, before the first request; what it stands around stays: requests are tried again there."""
    (fast,) = [one for one in app.user_middleware if one.cls is FastPathMiddleware]
    app.user_middleware[app.user_middleware.index(fast)] = Middleware(Repeating)
    return app
