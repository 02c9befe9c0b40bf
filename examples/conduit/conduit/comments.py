"""Comments on an article."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import bindparam

from conduit.articles import articles
from conduit.models import Comment
from conduit.policies import COMMENTS
from conduit.profiles import profile_of
from conduit.schemas import CommentCreate, CommentRead
from dovetail.api.schemas import PathId
from dovetail.contrib.auth.access import CurrentUser, OptionalUser
from dovetail.database.session import SessionDep, SourceDep
from dovetail.errors import NotFoundError
from dovetail.resources.resource import Envelope, Resource

comments = Resource(
    model=Comment,
    read=CommentRead,
    policy=COMMENTS,
    envelope=Envelope(item="comment", items="comments", total="", next="", previous=""),
    ordering=("id",),
    default_ordering="id",
    default_limit=1000,
    maximum_limit=1000,
    without={"list", "retrieve", "delete", "bulk_delete"},
)


async def of_article(slug: str, viewer: OptionalUser, source: SourceDep) -> dict[str, object]:
    """Return the key of the article. Raise NotFoundError."""
    return {"article_id": await articles.find_key(source, viewer, slug=slug)}


router = APIRouter(tags=["comments"])
PATH = "/articles/{slug}/comments"
ON_ARTICLE = Comment.article_id == bindparam("article_id")
comments.add_list(router, PATH, name="list_comments", where=ON_ARTICLE, values=of_article)
BODY = comments.envelope.around(CommentCreate)


@router.post(PATH, status_code=201, response_model=comments.envelope.around(CommentRead))
async def create_comment(
    slug: str,
    data: BODY,  # type: ignore[valid-type]  # made of the envelope
    user: CurrentUser,
    session: SessionDep,
    source: SourceDep,
    request: Request,
) -> Response:
    """Say something of an article."""
    key = await articles.find_key(source, user, slug=slug)
    author = await profile_of(session, user)
    values = comments.envelope.unwrapped(data).model_dump()
    session.add(comment := Comment(article_id=key, author_id=author.user_id, **values))
    await session.flush()
    return await comments.respond(request, session, user, comment.id, status=201)


@router.delete(PATH + "/{comment_id}", status_code=204)
async def delete_comment(
    slug: str, comment_id: PathId, user: CurrentUser, session: SessionDep, source: SourceDep
) -> None:
    """Take a comment of one's own back."""
    key = await articles.find_key(source, user, slug=slug)
    comment = await comments.lock(session, user, comment_id, action="delete")
    if comment.article_id != key:
        raise NotFoundError(f"There is no comment {comment_id}.")
    await session.delete(comment)
