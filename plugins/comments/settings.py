"""The settings of the comments plugin, read from environment variables that begin with `COMMENTS_`."""

from pydantic import BaseModel


class CommentsSettings(BaseModel):
    """Settings of the comments: `COMMENTS_AUTO_APPROVE=true` publishes comments without moderation."""

    auto_approve: bool = False
