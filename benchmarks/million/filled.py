"""Fill a database once, `python -m benchmarks.million.filled URL`, so that copies of it can be measured at any time.

Filling may share a machine with others and takes most of an hour; measuring wants the machine for itself.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from benchmarks.million.fill import count, fill
from benchmarks.million.rows import Blog
from dovetail.contrib.auth.models import User
from dovetail.testing import postgres
from plugins.blog.models import Post

POSTS = click.option("--posts", default=1_000_000, show_default=True, type=click.IntRange(min=1_000))
USERS = click.option("--users", default=10_000, show_default=True, type=click.IntRange(min=10))


@click.command()
@click.argument("url")
@POSTS
@USERS
def main(*, url: str, posts: int, users: int) -> None:
    """Fill the empty database at URL, which `benchmarks.million.run --filled URL` measures a copy of."""
    is_new = kind_of(url) == "sqlite" and not Path(make_url(url).database or "").exists()
    if not is_new and _held(url):
        raise click.ClickException(f"There are tables at {_shown(url)}. Name an empty database.")
    fill(url, Blog(users=users, posts=posts))


def kind_of(url: str) -> str:
    """Return "sqlite" or "postgresql". Raise ClickException for what is no URL of either."""
    try:
        kind = make_url(url).drivername
    except SQLAlchemyError:
        kind = ""
    kinds = {"sqlite+aiosqlite": "sqlite", "postgresql+asyncpg": "postgresql", "postgresql": "postgresql"}
    if kind not in kinds:
        raise click.ClickException(
            f"A database is named by sqlite+aiosqlite:////FILE or postgresql://HOST/NAME, not {kind or 'this'}."
        )
    return kinds[kind]


@contextmanager
def copied(url: str, blog: Blog, folder: Path, name: str) -> Iterator[str]:
    """Give the URL of a copy of a filled database: a file in `folder`, or the database `name` on the same server.

    Raise ClickException unless as many posts and users as `blog` has are there.
    """
    held = _held(url)
    posts, users = held.get(Post.__tablename__, 0), held.get(User.__tablename__, 0)
    if (posts, users) != (blog.posts, blog.users):
        raise click.ClickException(
            f"{_shown(url)} has {posts:,} posts and {users:,} users, not {blog.posts:,} and {blog.users:,}. "
            f"Measure what is there, or fill another: see --help."
        )
    if kind_of(url) == "sqlite":
        yield f"sqlite+aiosqlite:///{shutil.copyfile(make_url(url).database or '', folder / f'{name}.sqlite3')}"
        return
    os.environ.setdefault(postgres.VARIABLE, postgres.with_database(url, "postgres"))
    try:
        yield postgres.create_database(name, template=make_url(url).database)
    finally:
        postgres.drop_database(name)


def _held(url: str) -> dict[str, int]:
    try:
        return count(url)
    except (SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"{_shown(url)} cannot be opened: {getattr(error, 'orig', error)}.") from error


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


if __name__ == "__main__":
    main()
