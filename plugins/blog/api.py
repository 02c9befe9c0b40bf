"""The blog's endpoints, below `/api`."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from sqlalchemy import bindparam

from dovetail.api.schemas import Filter, Id, PathId
from dovetail.contrib.auth.access import CurrentUser, OptionalUser, takes_scopes
from dovetail.contrib.auth.models import User
from dovetail.database.models import related
from dovetail.database.session import SessionDep, SourceDep
from dovetail.errors import NotFoundError
from dovetail.resources.resource import Resource
from plugins.blog import tagging
from plugins.blog.models import POST_TEXT, Post, Tag
from plugins.blog.policies import POSTS, TAGS
from plugins.blog.schemas import PostCreate, PostRead, PostUpdate, TagAttach, TagName, TagRead
from plugins.blog.tag_names import LONGEST_TYPED, normalize_tag_name

posts = Resource(
    model=Post,
    read=PostRead,
    create=PostCreate,
    update=PostUpdate,
    policy=POSTS,
    filters={
        "author_id": Filter("exact", type=Id),
        "is_published": "exact",
        "tags__name": Filter("exact", type=TagName),
        "created_at": ("gte", "lte"),
        "title": "icontains",
    },
    ordering=("created_at", "updated_at", "title", "view_count", "id"),
    default_ordering="-created_at",
    search=POST_TEXT,
    unindexed={"title__icontains"},  # `search` uses an index; this also finds parts of words
    links={"tags": Tag.name},
    create_defaults={"author_id": User.id},
)
tags = Resource(
    model=Tag,
    read=TagRead,
    policy=TAGS,
    filters={"name": "icontains"},
    ordering=("name", "id"),
    default_ordering="name",
    unindexed={"name__icontains"},  # there are few tags
    without={"retrieve", "delete", "bulk_delete"},
)


# `of_tag` answers 404 for a longer name, so the limit is only documented and not validated.
TypedName = Annotated[str, Path(json_schema_extra={"maxLength": LONGEST_TYPED})]


async def of_tag(name: TypedName, viewer: OptionalUser, source: SourceDep) -> dict[str, object]:
    """Return the key of the tag with this name, in any case. Raise NotFoundError if there is none."""
    try:
        return {"tag_id": await tags.find_key(source, viewer, name=normalize_tag_name(name))}
    except ValueError:
        raise NotFoundError("There is no such tag.") from None


router = APIRouter(tags=["blog"])
router.include_router(posts.router)
router.include_router(tags.router)
# `:path`, since the name of a tag may contain a slash, and ASGI decodes %2F in paths.
has_tag = related(Post.tags, Tag.id == bindparam("tag_id"))
posts.add_list(router, "/tags/{name:path}/posts", name="list_tag_posts", where=has_tag, values=of_tag)


@router.post(
    "/posts/{post_id}/tags",
    status_code=status.HTTP_201_CREATED,
    response_model=TagRead,
    responses={status.HTTP_200_OK: {"model": TagRead, "description": "The post carried the tag already."}},
)
@takes_scopes("blog.change_post")
async def attach_tag(
    post_id: PathId, data: TagAttach, user: CurrentUser, session: SessionDep, response: Response
) -> Tag:
    """Add a tag to a post, and return the tag; it is created if it does not exist."""
    post = await posts.lock(session, user, post_id)
    tag, is_new = await tagging.attach_tag(session, post, data.name)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return tag


@router.delete("/posts/{post_id}/tags/{tag_id}", status_code=status.HTTP_204_NO_CONTENT)
@takes_scopes("blog.change_post")
async def detach_tag(post_id: PathId, tag_id: PathId, user: CurrentUser, session: SessionDep) -> None:
    """Remove a tag from a post; the tag itself stays."""
    await tagging.detach_tag(session, await posts.lock(session, user, post_id), tag_id)
