"""The table of contents of the blog."""

from dovetail.plugin import Command, Plugin, lazy

plugin = Plugin(
    name="blog",
    depends_on=("auth",),
    models=lazy("plugins.blog.models:Post", "plugins.blog.models:Tag", "plugins.blog.models:WordpressItem"),
    internal_models=("WordpressItem",),
    policies=lazy(Post="plugins.blog.policies:POSTS", Tag="plugins.blog.policies:TAGS"),
    routers=lazy(api="plugins.blog.api:router"),
    admin_views=lazy("plugins.blog.admin:PostAdmin", "plugins.blog.admin:TagAdmin"),
    extensions={"admin.dashboard": lazy("plugins.blog.admin:POSTS_A_DAY")},
    commands=(
        Command(
            name="loaddemo",
            help="Load a small demo blog, if there are no posts yet.",
            run="plugins.blog.demo.command:loaddemo",
            quickstart=("--if-empty",),
        ),
    ),
)
