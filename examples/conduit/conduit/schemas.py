"""The bodies that Conduit reads and answers, in camelCase."""

from typing import Annotated

from pydantic import MISSING, ConfigDict, Field
from pydantic.alias_generators import to_camel

from conduit.expressions import favorited, favorites_count, following
from conduit.models import Article, Comment
from dovetail.api.schemas import Schema, UTCTime
from dovetail.resources.resource import CreateSchema, From, UpdateSchema

CAMEL = ConfigDict(alias_generator=to_camel)
TagName = Annotated[str, Field(min_length=1, max_length=100)]


class ProfileRead(Schema):
    """An account as readers see it."""

    username: Annotated[str, From("user__username")]
    bio: str | None
    image: str | None
    following: Annotated[bool, From(following)]


class ArticleListed(Schema):
    """An article in a list, without its text."""

    model_config = CAMEL

    slug: str
    title: str
    description: str
    tag_list: Annotated[list[str], From("tags__name")]
    created_at: UTCTime
    updated_at: UTCTime
    favorited: Annotated[bool, From(favorited)]
    favorites_count: Annotated[int, From(favorites_count)]
    author: ProfileRead


class ArticleRead(ArticleListed):
    """An article."""

    body: str


class ArticleCreate(CreateSchema, model=Article, fields=("title", "description", "body")):
    """A new article."""

    tags: Annotated[list[TagName], Field(alias="tagList", max_length=50)] = []  # noqa: RUF012 - pydantic copies it


class ArticleUpdate(UpdateSchema, model=Article, fields=("title", "description", "body")):
    """The fields of an article that change."""

    tags: Annotated[list[TagName] | MISSING, Field(alias="tagList", max_length=50)] = MISSING


class CommentRead(Schema):
    """What somebody says of an article."""

    model_config = CAMEL

    id: int
    body: str
    created_at: UTCTime
    updated_at: UTCTime
    author: ProfileRead


class CommentCreate(CreateSchema, model=Comment, fields=("body",)):
    """A new comment."""


class TagRead(Schema):
    """A word that articles carry."""

    name: str
