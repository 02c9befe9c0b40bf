"""The back office itself."""

from fastapi import FastAPI

from project.plugin import Context


def mount(app: FastAPI, context: Context) -> None:
    """Mount the back office at `/admin`."""
