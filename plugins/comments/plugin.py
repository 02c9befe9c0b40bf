"""The table of contents of the comments plugin."""

from project.plugin import Plugin

plugin = Plugin(name="comments")
