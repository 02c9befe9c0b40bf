"""System checks of the comments, in production."""

from collections.abc import Iterator

from dovetail.plugin import CheckMessage, Context, warning
from plugins.comments.settings import CommentsSettings


def check_moderation(context: Context) -> Iterator[CheckMessage]:
    """Warn if what strangers write is read by everybody before a moderator looked at it."""
    settings = context.plugin_settings["comments"]
    if isinstance(settings, CommentsSettings) and settings.auto_approve and not context.settings.debug:
        yield warning(
            "comments.W001",
            "COMMENTS_AUTO_APPROVE is on: what anybody with an account writes is public at once, spam too.",
            "set COMMENTS_AUTO_APPROVE=false, or close registration",
        )
