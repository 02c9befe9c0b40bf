"""A site that adds a route of its own where one of a plugin answers already."""

from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.settings import Settings


async def show_posts() -> str:
    return "ours"


def create_app(settings: Settings) -> FastAPI:
    app = make_application(settings)
    app.add_api_route("/api/posts", show_posts)
    return app
