"""The table of contents of the auth plugin."""

from project.plugin import Plugin

plugin = Plugin(name="auth")
