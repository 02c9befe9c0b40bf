"""What each middleware costs: this site with one of them taken out.

`uvicorn benchmarks.middleware:app` serves the site without the middleware that BENCHMARK_WITHOUT names.
"""

import os
from typing import Any

from fastapi import FastAPI

from benchmarks.servers import SECRET
from config.settings import Settings
from project.application import create_app
from project.settings import load_settings

VARIABLE = "BENCHMARK_WITHOUT"
ALL = "all of them"
NONE = "nothing"


def names() -> list[str]:
    """The site's middleware, the outermost first."""
    values = {"database_url": "sqlite://", "environment": "production", "secret_key": SECRET}
    return [_name(middleware) for middleware in create_app(Settings.model_validate(values)).user_middleware]


def make_app(settings: Settings, without: str) -> FastAPI:
    """The site without one middleware, or without any. Raises ValueError for one it does not have."""
    app = create_app(settings)
    kept = [] if without == ALL else [each for each in app.user_middleware if _name(each) != without]
    if without != NONE and len(kept) == len(app.user_middleware):
        raise ValueError(f"there is no {without}, only {', '.join(map(_name, app.user_middleware))}")
    app.user_middleware = kept
    return app


def _name(middleware: Any) -> str:
    return str(middleware.cls.__name__)


def __getattr__(name: str) -> FastAPI:
    if name == "app":  # made when a server asks for it, not when the harness imports this module
        return make_app(load_settings(Settings), os.environ[VARIABLE])
    raise AttributeError(name)
