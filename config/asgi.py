"""The application for an ASGI server: `uvicorn config.asgi:app`."""

from config.settings import Settings
from dovetail.settings import load_settings
from project.application import create_app

app = create_app(load_settings(Settings))
