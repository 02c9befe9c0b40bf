"""The real site for those who only know its document: a migrated database with rows in it, and a server process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.testing import PASSWORD, cheap_hash
from plugins.blog.services import create_post
from plugins.comments.models import Comment, CommentStatus
from tests.outside import run_async, settings_for
from tests.running import free_port, serving

NAMES = ("root", "ada", "grace")
STAFF, WRITER = 1, 2  # their keys
POSTS = 6


@dataclass(frozen=True)
class Site:
    """Where a site answers, and where its rows are."""

    url: str
    database_url: str


@contextmanager
def serving_site(database_url: str, log: Path, **variables: str) -> Iterator[Site]:
    """Serve a migrated database with `manage.py runserver` on this machine; what the server says is kept in `log`.

    `variables` are more of its environment.
    """
    port = free_port()
    arguments = ("runserver", f"127.0.0.1:{port}", "--no-reload")
    variables = {"DATABASE_URL": database_url, **variables}
    with log.open("w") as output, serving(*arguments, port=port, output=output, **variables):
        yield Site(f"http://127.0.0.1:{port}", database_url)


def seed(database_url: str) -> None:
    """Write some users (their password is PASSWORD), posts, drafts, tags, comments and replies."""
    run_async(settings_for(database_url), _seed)


async def _seed(session: AsyncSession) -> None:
    users = [
        User(
            username=name,
            email=f"{name}@example.org",
            full_name=name.title(),
            hashed_password=cheap_hash(PASSWORD),
            is_staff=name == NAMES[STAFF - 1],
            is_superuser=name == NAMES[STAFF - 1],
            is_verified=True,
        )
        for name in NAMES
    ]
    session.add_all(users)
    await session.flush()
    for number in range(1, POSTS + 1):
        post = await create_post(
            session,
            author=users[number % 3],
            title=f"Post {number}",
            content="Some text.",
            is_published=number != POSTS,
            tags=["python", f"tag {number}"],
        )
        comment = Comment(post_id=post.id, author_id=users[0].id, content="Well said.", status=CommentStatus.APPROVED)
        session.add(comment)
        await session.flush()
        session.add(Comment(post_id=post.id, author_id=users[1].id, parent_id=comment.id, content="Thank you."))
