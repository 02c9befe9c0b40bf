"""What an ASGI server is pointed at: `uvicorn config.asgi:app`."""

from config.settings import Settings
from dovetail.application import create_app
from dovetail.settings import load_settings

app = create_app(load_settings(Settings))
