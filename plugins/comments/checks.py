"""System checks of the comments plugin, for production."""

from collections.abc import Iterator

from dovetail.plugin import CheckMessage, Context, warning
from plugins.comments.settings import CommentsSettings


def check_moderation(context: Context) -> Iterator[CheckMessage]:
    """Warn if comments are published before a moderator has seen them."""
    settings = context.plugin_settings["comments"]
    if isinstance(settings, CommentsSettings) and settings.auto_approve and not context.settings.debug:
        yield warning(
            "comments.W001",
            "COMMENTS_AUTO_APPROVE is on: comments of any registered user are published at once, including spam.",
            "set COMMENTS_AUTO_APPROVE=false, or close registration",
        )
