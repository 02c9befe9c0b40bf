"""Widgets of every kind."""

from sqlalchemy import func, select

from dovetail.contrib.admin.views import STAFF, Chart, Figure, Listing, user_of
from dovetail.contrib.auth.models import User
from plugins.blog.models import Post
from plugins.comments.models import Comment
from tests.contrib.admin.shelf.slow import slowly

LATEST = Listing(
    title="Latest posts",
    models=(Post,),
    statement=select(Post.id.label("key"), Post.title.label("text"), Post.created_at.label("note")).order_by(
        Post.id.desc()
    ),
    limit=2,
)
MINE = Figure(
    title="Your posts",
    permission=STAFF,
    statement=lambda request: select(func.count()).where(Post.author_id == user_of(request).id),
    seconds=600,
)
BY_STATUS = Chart(
    title="Comments by state",
    models=(Comment,),
    statement=select(Comment.status, func.count()).group_by(Comment.status).order_by(Comment.status),
    kind="line",
)
TENS = Figure(title="Posts, up to two", models=(Post,), where=Post.id > 0, most=2)
MAILS = Figure(title="Addresses", models=(User,), statement=select(func.count(User.email)))
SECRETS = Figure(title="Secrets", models=(User,), statement=select(func.max(User.hashed_password)))
SLOW = Figure(title="Slow", models=(Post,), statement=select(func.count()).where(Post.id > 0, slowly()), timeout=0.2)
BROKEN = Figure(title="Broken", models=(Post,), statement=select(func.no_such_function(Post.id)))


def _odd(_request: object) -> object:
    raise RuntimeError("a secret of the inside")


ODD = Figure(title="Odd", models=(Post,), statement=_odd)
TORN = Figure(title="Torn", models=(Post,), where=Post.id > 0, template="board/torn.html")
