"""The blog's endpoints, below `/api`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status

from plugins.blog import queries, services, tagging
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostCreate, PostQuery, PostRead, PostUpdate, TagAttach, TagQuery, TagRead
from project.api.pagination import paginate
from project.api.schemas import Id, Page
from project.contrib.auth.dependencies import CurrentUser, OptionalUser
from project.database.dependencies import SessionDep

router = APIRouter(tags=["blog"])

PostFilters = Annotated[PostQuery, Query()]
TagFilters = Annotated[TagQuery, Query()]
PathId = Annotated[Id, Path()]


@router.get("/posts")
async def list_posts(query: PostFilters, viewer: OptionalUser, session: SessionDep, request: Request) -> Page[PostRead]:
    """Published posts, newest first; an author's drafts are among them for that author, and all drafts for staff."""
    return await paginate(session, queries.posts_for(viewer, query), query, request, PostRead)


@router.post("/posts", status_code=status.HTTP_201_CREATED, response_model=PostRead)
async def create_post(data: PostCreate, user: CurrentUser, session: SessionDep) -> Post:
    """Write a post; it is a draft unless it says otherwise."""
    return await services.write_post(session, user, data)


@router.get("/posts/{post_id}", response_model=PostRead)
async def get_post(post_id: PathId, viewer: OptionalUser, session: SessionDep) -> Post:
    """One post with its author and tags."""
    return await queries.get_post(session, post_id, viewer)


@router.patch("/posts/{post_id}", response_model=PostRead)
async def update_post(post_id: PathId, data: PostUpdate, user: CurrentUser, session: SessionDep) -> Post:
    """Change some fields of a post of one's own; staff change all posts. `tags` replaces all tags."""
    post = await services.get_post_to_change(session, post_id, user)
    return await services.update_post(session, post, data, user)


@router.delete("/posts/{post_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_post(post_id: PathId, user: CurrentUser, session: SessionDep) -> None:
    """Remove a post of one's own; staff remove all posts."""
    await services.delete_post(session, await services.get_post_to_change(session, post_id, user))


@router.post(
    "/posts/{post_id}/tags",
    status_code=status.HTTP_201_CREATED,
    response_model=TagRead,
    responses={status.HTTP_200_OK: {"model": TagRead, "description": "The post carried the tag already."}},
)
async def attach_tag(
    post_id: PathId, data: TagAttach, user: CurrentUser, session: SessionDep, response: Response
) -> Tag:
    """Let a post carry a tag, which is made if there is none of that name, and answer the tag."""
    post = await services.get_post_to_change(session, post_id, user)
    tag, is_new = await tagging.attach_tag(session, post, data.name)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return tag


@router.delete("/posts/{post_id}/tags/{tag_id}", status_code=status.HTTP_204_NO_CONTENT)
async def detach_tag(post_id: PathId, tag_id: PathId, user: CurrentUser, session: SessionDep) -> None:
    """Take a tag off a post; the tag itself stays."""
    await tagging.detach_tag(session, await services.get_post_to_change(session, post_id, user), tag_id)


@router.get("/tags")
async def list_tags(query: TagFilters, viewer: OptionalUser, session: SessionDep, request: Request) -> Page[TagRead]:
    """All tags but those that only hidden drafts carry."""
    return await paginate(session, queries.tags_for(viewer, query), query, request, TagRead)


# A tag's name may hold a slash; the path of an address cannot tell an encoded one from a plain one.
@router.get("/tags/{name:path}/posts")
async def list_tag_posts(
    name: str, query: PostFilters, viewer: OptionalUser, session: SessionDep, request: Request
) -> Page[PostRead]:
    """The posts that carry a tag, filtered and ordered as the list of posts is; the name's case does not matter."""
    tag = await queries.get_tag(session, name, viewer)
    statement = queries.posts_for(viewer, query).where(Post.tags.any(Tag.id == tag.id))
    return await paginate(session, statement, query, request, PostRead)
