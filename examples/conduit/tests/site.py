"""The site: auth's own addresses make room for Conduit's `/api/users` and `/api/user`."""

from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.plugin import Mounts
from dovetail.settings import Settings

MOUNTS: Mounts = {"auth": "/accounts"}


def create_app(settings: Settings) -> FastAPI:
    """Make the application of the site."""
    return make_application(settings, MOUNTS)
