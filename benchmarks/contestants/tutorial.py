"""FastAPI and SQLAlchemy's ORM as the tutorials teach them: objects loaded, validated and serialised."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from dovetail.api.schemas import Page
from dovetail.contrib.auth.models import AccessToken, User
from plugins.blog.models import Post, Tag
from plugins.blog.schemas import PostCreate, PostRead

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
sessions = async_sessionmaker(create_async_engine(url, pool_size=10, max_overflow=0), expire_on_commit=False)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    """One session a request."""
    async with sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
Token = Annotated[str, Depends(OAuth2PasswordBearer("login"))]
WITH_ALL = (selectinload(Post.author), selectinload(Post.tags))


async def get_current_user(token: Token, session: SessionDep) -> User:
    """Whose token it is."""
    statement = select(User).join(AccessToken, AccessToken.user_id == User.id)
    statement = statement.where(AccessToken.token_hash == sha256(token.encode()).hexdigest(), User.is_active)
    user = (await session.scalars(statement.where(AccessToken.expires_at > datetime.now(UTC)))).one_or_none()
    if user is None:
        raise HTTPException(401)
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]


@app.get("/health/live")
async def live() -> dict[str, str]:
    """W5."""
    return {"status": "ok"}


@app.get("/api/posts", response_model=Page[PostRead])
async def list_posts(session: SessionDep, limit: int = 20, offset: int = 0, count: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002 - as the tutorials write it
    """W2 and W3."""
    published = select(Post).where(Post.is_published)
    statement = published.options(*WITH_ALL).order_by(Post.created_at.desc(), Post.id.desc())
    items = (await session.scalars(statement.limit(limit).offset(offset))).all()
    total = await session.scalar(select(func.count()).select_from(published.subquery())) if count else None
    return {"items": items, "total": total, "next": None, "previous": None}


@app.get("/api/posts/{post_id}", response_model=PostRead)
async def get_post(post_id: int, session: SessionDep) -> Post:
    """W1."""
    statement = select(Post).where(Post.id == post_id, Post.is_published).options(*WITH_ALL)
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        raise HTTPException(404)
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
