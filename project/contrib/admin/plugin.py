"""The table of contents of the back office."""

from project.plugin import Plugin

plugin = Plugin(name="admin", depends_on=("auth",))
