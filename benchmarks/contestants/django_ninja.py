"""Django with ninja: typed functions and schemas.

The functions are plain ones: as coroutines, every call of the ORM goes to a thread by itself, which costs more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import NinjaAPI, Schema, Status
from ninja.pagination import CursorPagination, paginate
from ninja.security import HttpBearer

from benchmarks.contestants.django_blog.models import Post, User, published, user_of, write_post

api = NinjaAPI()


class Bearer(HttpBearer):
    """Tokens that are rows."""

    def authenticate(self, request: Any, token: str) -> User | None:  # noqa: ARG002 - the hook's
        """Whose token it is."""
        return user_of(token)


class AuthorRead(Schema):
    """Who wrote it."""

    id: int
    username: str
    full_name: str


class TagRead(Schema):
    """What it is about."""

    id: int
    name: str


class PostRead(Schema):
    """A post with both."""

    id: int
    title: str
    content: str
    is_published: bool
    view_count: int
    created_at: datetime
    updated_at: datetime
    author_id: int
    author: AuthorRead
    tags: list[TagRead]


class PostCreate(Schema):
    """A new post."""

    title: str
    content: str
    is_published: bool = False
    tags: Sequence[str] = ()


class Page(Schema):
    """The envelope of the other contestants."""

    items: list[PostRead]
    total: int | None
    next: str | None = None
    previous: str | None = None


@api.get("/health/live")
def live(request: Any) -> dict[str, str]:
    """W5."""
    return {"status": "ok"}


@api.get("/api/posts", response=Page)
def list_posts(request: Any, limit: int = 20, offset: int = 0, count: bool = False) -> dict[str, object]:  # noqa: FBT001, FBT002 - as its tutorial writes it
    """W2 and W3."""
    total = Post.objects.filter(is_published=True).count() if count else None
    return {"items": list(published[offset : offset + limit]), "total": total}


@api.get("/api/posts-by-cursor", response=list[PostRead])
@paginate(CursorPagination, ordering=("-created_at", "-id"), page_size=20, max_page_size=500)
def list_posts_by_cursor(request: Any) -> Any:
    """Pages at any depth."""
    return published


@api.get("/api/posts/{post_id}", response=PostRead)
def get_post(request: Any, post_id: int) -> Post:
    """W1."""
    post: Post = get_object_or_404(published, id=post_id)
    return post


@api.post("/api/posts", response={201: PostRead}, auth=Bearer())
def create_post(request: Any, data: PostCreate) -> Status:
    """W4."""
    return Status(201, write_post(request.auth, **data.dict()))


urlpatterns = [path("", api.urls)]
