"""`manage.py loaddemo`, and its extension point `blog.demo_posts`, by which other plugins add to the demo.

    Plugin(..., extensions={"blog.demo_posts": lazy("plugins.reactions.demo:add_reactions")})

    async def add_reactions(session: AsyncSession, posts: Sequence[Post]) -> None: ...

The function is awaited once, in the transaction that writes the posts. The authors of the posts are loaded.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import click
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import ConflictError
from dovetail.plugin import Context, async_command
from plugins.blog.demo.loader import has_posts, load_demo
from plugins.blog.models import Post

EXTENSION_POINT = "blog.demo_posts"
Extension: TypeAlias = Callable[[AsyncSession, Sequence[Post]], Awaitable[None]]


@click.command()
@click.option("--if-empty", is_flag=True, help="Do nothing, without an error, if there are posts.")
@async_command
async def loaddemo(context: Context, *, if_empty: bool) -> None:
    """Load a small demo blog, if there are no posts yet. Its authors cannot log in."""
    extensions: list[Extension] = context.extensions(EXTENSION_POINT)
    async with context.database.unit_of_work() as session:
        if await has_posts(session):
            if if_empty:
                return
            raise ConflictError("There are posts already; the demo is loaded into an empty blog only.")
        posts = await load_demo(session)
        for extension in extensions:
            await extension(session, posts)
    click.echo(f"A demo blog was loaded: {len(posts)} posts.")
