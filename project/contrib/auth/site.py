"""What auth sets up in an application."""

from fastapi import FastAPI

from project.contrib.auth.dependencies import authenticate_request
from project.contrib.auth.email import make_sender
from project.contrib.auth.settings import AuthSettings
from project.plugin import Context


def setup(app: FastAPI, context: Context) -> None:
    """Tell the kernel who is asking, and choose who delivers e-mail."""
    settings = context.plugin_settings["auth"]
    assert isinstance(settings, AuthSettings)  # noqa: S101 - the plugin names this class
    app.state.authenticate = authenticate_request
    app.state.email_sender = make_sender(settings, debug=context.settings.debug)
