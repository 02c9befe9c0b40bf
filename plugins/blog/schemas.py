"""The request and response schemas of the blog's API."""

from typing import Annotated

from pydantic import MISSING, AfterValidator, Field, Strict, StringConstraints

from dovetail.api.schemas import NOT_BLANK, BodyId, NotBlank, Schema, UTCTime
from dovetail.contrib.auth.access import UserPublic
from plugins.blog.tag_names import LONGEST, LONGEST_TYPED, normalize_tag_name

LONGEST_CONTENT = 100_000  # characters


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Field(examples=["Hello, world"], json_schema_extra=NOT_BLANK),
    NotBlank(),
]
Content = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_CONTENT, examples=["This is the first post."], json_schema_extra=NOT_BLANK),
    NotBlank(),
]
TagName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TYPED,
        examples=["python"],
        json_schema_extra={"maxLength": LONGEST, **NOT_BLANK},
    ),
    AfterValidator(normalize_tag_name),
]
TagNames = Annotated[list[TagName], Field(max_length=20, examples=[["python", "web"]])]
Flag = Annotated[bool, Strict()]


class PostCreate(Schema):
    """A new post; its author is the user who sends it."""

    title: Title
    content: Content
    is_published: Flag = False
    tags: TagNames = Field(default=[])
    author_id: Annotated[BodyId | None, Field(description="The author, if it is another user; for staff only.")] = None


class PostUpdate(Schema):
    """The fields of a post to change; fields that are left out keep their values."""

    title: Title | MISSING = MISSING
    content: Content | MISSING = MISSING
    is_published: Flag | MISSING = MISSING
    tags: TagNames | MISSING = MISSING


class TagAttach(Schema):
    """A tag to add to a post; it is created if it does not exist."""

    name: TagName


class TagRead(Schema):
    """A tag."""

    id: int
    name: Annotated[str, Field(examples=["python"])]


class PostRead(Schema):
    """A post with its author and its tags."""

    id: int
    title: Annotated[str, Field(examples=["Hello, world"])]
    content: Annotated[str, Field(examples=["This is the first post."])]
    is_published: bool
    view_count: int
    created_at: UTCTime
    updated_at: UTCTime
    author_id: int
    author: UserPublic
    tags: list[TagRead]
