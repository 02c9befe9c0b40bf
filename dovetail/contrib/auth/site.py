"""What auth sets up in an application."""

from fastapi import FastAPI

from dovetail.contrib.auth.dependencies import authenticate_request
from dovetail.contrib.auth.email import make_sender
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.plugin import Context


def setup(app: FastAPI, context: Context) -> None:
    """Tell the kernel who is asking, and choose who delivers e-mail."""
    settings = context.plugin_settings["auth"]
    assert isinstance(settings, AuthSettings)  # noqa: S101 - the plugin names this class
    app.state.authenticate = authenticate_request
    app.state.email_sender = make_sender(settings, debug=context.settings.debug)
