"""The table of contents of what an import from WordPress brings below its posts."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="wordpress_comments",
    depends_on=("auth", "comments", "wordpress"),
    extensions={"wordpress.posts": lazy("plugins.wordpress_comments.importer:import_comments")},
)
