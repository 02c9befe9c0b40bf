"""The settings of the comments, read from the environment under `COMMENTS_`."""

from pydantic import BaseModel


class CommentsSettings(BaseModel):
    """Settings of the comments: `COMMENTS_AUTO_APPROVE=true` lets everybody see a comment at once."""

    auto_approve: bool = False
