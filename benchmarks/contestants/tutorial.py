"""FastAPI and SQLAlchemy's ORM as the tutorials teach them: objects loaded, validated and serialised."""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import selectinload

from plugins.blog.models import Post
from plugins.blog.schemas import PostRead
from project.api.schemas import Page

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
sessions = async_sessionmaker(create_async_engine(url, pool_size=10, max_overflow=0), expire_on_commit=False)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    """One session a request."""
    async with sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
WITH_ALL = (selectinload(Post.author), selectinload(Post.tags))


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
