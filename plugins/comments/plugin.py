"""The table of contents of the comments."""

from dovetail.plugin import Plugin, lazy
from plugins.comments.settings import CommentsSettings

plugin = Plugin(
    name="comments",
    depends_on=("auth", "blog"),
    settings=CommentsSettings,
    models=lazy("plugins.comments.models:Comment", "plugins.comments.models:WordpressComment"),
    internal_models=("WordpressComment",),
    policies=lazy(Comment="plugins.comments.policies:COMMENTS"),
    routers=lazy(api="plugins.comments.api:router"),
    admin_views=lazy("plugins.comments.admin:CommentAdmin"),
    checks=lazy("plugins.comments.checks:check_moderation"),
    extensions={
        "admin.dashboard": lazy("plugins.comments.admin:WAITING"),
        "auth.permissions": [("moderate_comment", "Can moderate comments")],
        "blog.demo_posts": lazy("plugins.comments.demo:add_comments"),
    },
)
