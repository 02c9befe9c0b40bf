"""The table of contents of the blog."""

from dovetail.plugin import Command, Plugin, lazy
from plugins.blog.settings import BlogSettings

plugin = Plugin(
    name="blog",
    depends_on=("auth",),
    settings=BlogSettings,
    models=lazy("plugins.blog.models:Post", "plugins.blog.models:Tag", "plugins.blog.wordpress.models:WordpressItem"),
    routers=lazy(api="plugins.blog.api:router"),
    admin_views=lazy("plugins.blog.admin:PostAdmin", "plugins.blog.admin:TagAdmin"),
    commands=(
        Command(
            name="loaddemo",
            help="Load a small demo blog, if there are no posts yet.",
            run="plugins.blog.demo.command:loaddemo",
            quickstart=("--if-empty",),
        ),
        Command(
            name="import-wordpress",
            help="Import the posts of a WordPress export.",
            run="plugins.blog.wordpress.command:import_wordpress",
        ),
    ),
)
