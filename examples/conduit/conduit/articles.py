"""Articles and their tags: lists, one by its slug, the feed, and favorites."""

import re
import secrets
import unicodedata

from fastapi import APIRouter, Request, Response
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from conduit.links import link, unlink
from conduit.models import Article, Tag, favorites, follows
from conduit.policies import ARTICLES, TAGS
from conduit.profiles import profile_of
from conduit.schemas import ArticleCreate, ArticleListed, ArticleRead, ArticleUpdate, TagRead
from dovetail.api.schemas import Filter
from dovetail.contrib.auth.access import CurrentUser, OptionalUser
from dovetail.contrib.auth.models import User
from dovetail.database.session import SessionDep, SourceDep
from dovetail.errors import NotAuthenticatedError
from dovetail.resources.resource import Envelope, Resource


def new_slug(title: str) -> str:
    """Return a text for the address of an article of this title, unlike that of any other."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_title).strip("-")
    return f"{words}-{secrets.token_hex(4)}".removeprefix("-")


async def new_article(session: AsyncSession, user: User, data: ArticleCreate) -> dict[str, object]:
    """Return the values of a new article of `user`."""
    values = data.model_dump(exclude={"tags"})
    author = await profile_of(session, user)
    return {**values, "author_id": author.user_id, "slug": new_slug(str(values["title"]))}


async def edit_article(session: AsyncSession, user: User, article: Article, data: ArticleUpdate) -> None:
    """Change an article; with a new title comes a new slug."""
    values = data.model_dump(exclude={"tags"})
    if values.get("title", article.title) != article.title:
        article.slug = new_slug(str(values["title"]))
    for name, value in values.items():
        setattr(article, name, value)


articles = Resource(
    model=Article,
    read=ArticleRead,
    listed=ArticleListed,
    create=ArticleCreate,
    update=ArticleUpdate,
    policy=ARTICLES,
    lookup="slug",
    reserved={"feed"},
    update_method="PUT",
    envelope=Envelope(item="article", items="articles", total="articlesCount", next="", previous="", counts=True),
    filters={
        "tag": Filter("exact", path="tags__name"),
        "author": Filter("iexact", path="author__user__username"),
        "favorited": Filter("iexact", path="favorited_by__user__username"),
    },
    ordering=("createdAt",),
    default_ordering="-createdAt",
    unindexed={"createdAt"},  # ix_conduit_article_newest has it with the key
    links={"tags": Tag.name},
    create_with=new_article,
    update_with=edit_article,
    without={"bulk_create", "bulk_update", "bulk_delete"},
)
tags = Resource(model=Tag, read=TagRead, policy=TAGS, without={"list", "retrieve", "delete", "bulk_delete"})


async def of_reader(viewer: OptionalUser) -> dict[str, object]:
    """Return the reader of a feed. Raise NotAuthenticatedError for somebody unknown."""
    if viewer is None:
        raise NotAuthenticatedError
    return {"reader_id": viewer.id}


followed = select(follows.c.followed_id).where(follows.c.follower_id == bindparam("reader_id"))
router = APIRouter(tags=["articles"])
articles.add_list(router, "/articles/feed", name="list_feed", where=Article.author_id.in_(followed), values=of_reader)
router.include_router(articles.router)
ANSWER = articles.envelope.around(ArticleRead)


@router.post("/articles/{slug}/favorite", response_model=ANSWER)
async def favorite(slug: str, user: CurrentUser, session: SessionDep, source: SourceDep, request: Request) -> Response:
    """Make an article a favorite."""
    key = await articles.find_key(source, user, slug=slug)
    own = await profile_of(session, user)
    await link(session, favorites, profile_id=own.user_id, article_id=int(str(key)))
    return await articles.respond(request, session, user, slug, action="view")


@router.delete("/articles/{slug}/favorite", response_model=ANSWER)
async def unfavorite(
    slug: str, user: CurrentUser, session: SessionDep, source: SourceDep, request: Request
) -> Response:
    """Let an article be no favorite any more."""
    key = await articles.find_key(source, user, slug=slug)
    await unlink(session, favorites, profile_id=user.id, article_id=int(str(key)))
    return await articles.respond(request, session, user, slug, action="view")


@router.get("/tags")
async def list_tags(session: SessionDep) -> dict[str, list[str]]:
    """Answer the names of all tags."""
    return {"tags": list(await session.scalars(select(Tag.name).order_by(Tag.name)))}
