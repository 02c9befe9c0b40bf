"""FastAPI and SQLAlchemy's ORM as the tutorials teach them: objects loaded, validated and serialised."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from dovetail.api.schemas import Page
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.sessions.models import Session
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostCreate, PostRead, PostUpdate

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
sessions = async_sessionmaker(create_async_engine(url, pool_size=10, max_overflow=0), expire_on_commit=False)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    """One session a request."""
    async with sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
Token = Annotated[str | None, Depends(OAuth2PasswordBearer("login", auto_error=False))]
WITH_ALL = (selectinload(Post.author), selectinload(Post.tags))
NEWEST = (Post.created_at.desc(), Post.id.desc())


async def get_viewer(token: Token, session: SessionDep) -> User | None:
    """Whose token it is; None without one."""
    if token is None:
        return None
    statement = select(User).join(Session, Session.user_id == User.id)
    statement = statement.where(Session.token_hash == sha256(token.encode()).hexdigest(), User.is_active)
    user = (await session.scalars(statement.where(Session.expires_at > datetime.now(UTC)))).one_or_none()
    if user is None:
        raise HTTPException(401)
    return user


Viewer = Annotated[User | None, Depends(get_viewer)]


async def get_current_user(viewer: Viewer) -> User:
    """Whose token it is."""
    if viewer is None:
        raise HTTPException(401)
    return viewer


CurrentUser = Annotated[User, Depends(get_current_user)]


@app.get("/health/live")
async def live() -> dict[str, str]:
    """W5."""
    return {"status": "ok"}


@app.get("/api/posts", response_model=Page[PostRead])
async def list_posts(  # noqa: PLR0917 - as the tutorials write it
    session: SessionDep,
    viewer: Viewer,
    limit: int = 20,
    offset: int = 0,
    count: bool = False,  # noqa: FBT001, FBT002 - as above
    author_id: int | None = None,
    cursor: str | None = None,
) -> dict[str, object]:
    """W2, W2t, W3, W8 and W9."""
    visible = select(Post).where(visible_to(viewer))
    if author_id is not None:
        visible = visible.where(Post.author_id == author_id)
    total = await session.scalar(select(func.count()).select_from(visible.subquery())) if count else None
    if cursor:
        moment, _, key = cursor.partition("~")
        visible = visible.where(tuple_(Post.created_at, Post.id) < (datetime.fromisoformat(moment), int(key)))
    items = (await session.scalars(newest(visible).limit(limit).offset(offset))).all()
    following = None
    if cursor is not None and len(items) == limit:
        following = f"/api/posts?limit={limit}&cursor={quote(f'{items[-1].created_at.isoformat()}~{items[-1].id}')}"
    return {"items": items, "total": total, "next": following, "previous": None}


@app.get("/api/tags/{name}/posts", response_model=Page[PostRead])
async def list_posts_of_tag(name: str, session: SessionDep, viewer: Viewer, limit: int = 20) -> dict[str, object]:
    """W7."""
    known = or_(Tag.posts.any(visible_to(viewer)), ~Tag.posts.any())
    tag = (await session.scalars(select(Tag).where(Tag.name == name.lower(), known))).one_or_none()
    if tag is None:
        raise HTTPException(404)
    carrying = select(Post).where(Post.tags.any(Tag.id == tag.id), visible_to(viewer))
    items = (await session.scalars(newest(carrying).limit(limit))).all()
    return {"items": items, "total": None, "next": None, "previous": None}


@app.get("/api/posts/{post_id}", response_model=PostRead)
async def get_post(post_id: int, session: SessionDep, viewer: Viewer) -> Post:
    """W1 and W1t."""
    statement = select(Post).where(Post.id == post_id, visible_to(viewer)).options(*WITH_ALL)
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        raise HTTPException(404)
    return post


@app.patch("/api/posts/{post_id}", response_model=PostRead)
async def update_post(  # noqa: PLR0917 - as the tutorials write it
    post_id: int,
    data: PostUpdate,
    user: CurrentUser,
    session: SessionDep,
    response: Response,
    if_match: Annotated[str, Header()] = "*",
) -> Post:
    """W6."""
    statement = select(Post).where(Post.id == post_id, visible_to(user)).options(*WITH_ALL)
    post = (await session.scalars(statement.with_for_update(of=Post))).one_or_none()
    if post is None:
        raise HTTPException(404)
    if post.author_id != user.id:
        raise HTTPException(403)
    if if_match not in {"*", etag_of(post)}:
        raise HTTPException(412)
    for name, value in data.model_dump(exclude_unset=True).items():
        setattr(post, name, value)
    await session.flush()
    await session.refresh(post, ["updated_at"])
    await session.commit()
    response.headers["ETag"] = etag_of(post)
    return post


@app.post("/api/posts", response_model=PostRead, status_code=201)
async def create_post(data: PostCreate, user: CurrentUser, session: SessionDep) -> Post:
    """W4."""
    found = list(await session.scalars(select(Tag).where(Tag.name.in_(data.tags)).order_by(Tag.name)))
    missing = set(data.tags) - {tag.name for tag in found}
    post = Post(author=user, tags=[*found, *(Tag(name=name) for name in missing)])
    post.title, post.content, post.is_published = data.title, data.content, data.is_published
    session.add(post)
    await session.commit()
    return post


def visible_to(viewer: User | None) -> ColumnElement[bool]:
    """Published posts for everybody; drafts for their author."""
    return or_(Post.is_published, Post.author_id == viewer.id) if viewer else Post.is_published.is_(True)


def newest(statement: Select[Post]) -> Select[Post]:
    """The newest first, with author and tags."""
    return statement.options(*WITH_ALL).order_by(*NEWEST)


def etag_of(post: Post) -> str:
    """Which version of a post it is."""
    return f'"{post.updated_at.isoformat()}"'
