"""The table of contents of the blog."""

from project.plugin import Plugin, lazy

plugin = Plugin(
    name="blog",
    depends_on=("auth",),
    models=lazy("plugins.blog.models:Post", "plugins.blog.models:Tag"),
)
