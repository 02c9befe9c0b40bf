"""The application that `manage.py runserver` serves."""

from dovetail.settings import load_settings
from tests.settings import Settings
from tests.site import create_app

app = create_app(load_settings(Settings))
