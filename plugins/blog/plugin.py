"""The table of contents of the blog plugin."""

from project.plugin import Plugin

plugin = Plugin(name="blog")
