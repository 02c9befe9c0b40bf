"""The composition root: this site's application, made of its settings and of what `project.urls` says."""

from typing import TYPE_CHECKING

from dovetail.application import make_application
from dovetail.settings import Settings
from project.urls import mounts

if TYPE_CHECKING:  # Dovetail imports FastAPI in a way that puts off what a server may never need
    from fastapi import FastAPI


def create_app(settings: Settings) -> "FastAPI":
    """Make the application of this site.

    Raises ConfigurationError, with every problem found.
    """
    return make_application(settings, mounts)
