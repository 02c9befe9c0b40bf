"""The request and response schemas of the comments' API."""

from typing import Annotated

from pydantic import MISSING, Field

from dovetail.api.schemas import NOT_BLANK, BodyId, NotBlank, Schema, UTCTime
from dovetail.contrib.auth.access import UserPublic
from plugins.comments.models import CommentStatus

LONGEST_COMMENT = 5_000  # characters

Content = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_COMMENT, examples=["Well said."], json_schema_extra=NOT_BLANK),
    NotBlank(),
]


class CommentCreate(Schema):
    """A new comment or, with `parent_id`, a reply to a comment on the same post."""

    content: Content
    parent_id: BodyId | None = None


class CommentUpdate(Schema):
    """The fields of a comment to change; `status` is for staff."""

    content: Content | MISSING = MISSING
    status: CommentStatus | MISSING = MISSING


class CommentRead(Schema):
    """A comment; `parent_id` is null unless it is a reply."""

    id: int
    post_id: int
    parent_id: Annotated[int | None, Field(examples=[None])]
    content: Annotated[str, Field(examples=["Well said."])]
    status: CommentStatus
    created_at: UTCTime
    updated_at: UTCTime
    author_id: int
    author: UserPublic


class CommentThread(CommentRead):
    """A comment with its replies, oldest first."""

    replies: list[CommentRead]
