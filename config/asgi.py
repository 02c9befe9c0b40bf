"""What an ASGI server is pointed at: `uvicorn config.asgi:app`."""

from config.settings import Settings
from project.application import create_app
from project.settings import load_settings

app = create_app(load_settings(Settings))
