"""The table of contents of the admin plugin."""

from project.plugin import Plugin

plugin = Plugin(name="admin")
