"""The table of contents of the comments."""

from project.plugin import Plugin, lazy

plugin = Plugin(
    name="comments",
    depends_on=("auth", "blog"),
    models=lazy("plugins.comments.models:Comment", "plugins.comments.wordpress.models:WordpressComment"),
    admin_views=lazy("plugins.comments.admin:CommentAdmin"),
    extensions={"blog.wordpress_post": lazy("plugins.comments.wordpress.importer:import_comments")},
)
