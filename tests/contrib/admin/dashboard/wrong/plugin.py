"""A plugin whose widgets are all wrong."""

from sqlalchemy import func, select, tablesample
from sqlalchemy.orm import aliased

from dovetail.contrib.admin.views import Chart, Figure, Listing
from dovetail.plugin import Plugin
from plugins.blog.models import Post
from plugins.comments.models import Comment

ALL = Post.id > 0
OTHER = aliased(Post)
SOME = aliased(Post, tablesample(Post.__table__, 50))
POSTS = select(Post.title.label("text"))

WRONG = {
    "the extension point 'admin.dashboard' holds 'sales', expected a Figure, a Chart or a Listing": "sales",
    "the widget '' has no title": Figure(title="", models=(Post,), where=ALL),
    "'A' names neither a permission nor models": Figure(title="A", value=len),
    "'B' takes 'blog.vew_post', which is no permission; did you mean 'blog.view_post'?": Figure(
        title="B", permission="blog.vew_post", value=len
    ),
    "'C' is of <class 'int'>, which is no model of an enabled plugin": Figure(title="C", models=(int,), where=ALL),
    "'D' follows the rule 'admire', which no policy of its models knows": Figure(
        title="D", models=(Post,), where=ALL, rule="admire"
    ),
    "'E' is kept for -1 seconds, expected 0 to 86,400": Figure(title="E", models=(Post,), where=ALL, seconds=-1),
    "'F' has 0 seconds for its statement": Figure(title="F", models=(Post,), where=ALL, timeout=0),
    "'G' shows 1000 rows, expected 1 to 366": Listing(title="G", models=(Post,), statement=POSTS, limit=1000),
    "'H' shows 0 days": Chart(title="H", models=(Post,), per_day=Post.created_at, days=0),
    "'I' is drawn as 'pie', expected 'bars' or 'line'": Chart(
        title="I", models=(Post,), per_day=Post.created_at, kind="pie"
    ),
    "'J' has the template 'none.html', which is no template": Figure(
        title="J", models=(Post,), where=ALL, template="none.html"
    ),
    "'K' has nothing to ask, expected one of statement, where, value": Figure(title="K", models=(Post,)),
    "'L' has statement and where": Figure(title="L", models=(Post,), where=ALL, statement=select(func.count(Post.id))),
    "'M' has per_day and no models": Chart(title="M", permission="blog.view_post", per_day=Post.created_at),
    "'N' asks for 1 columns, expected a label and a number": Chart(title="N", models=(Post,), statement=POSTS),
    "'O' asks for columns called title, expected 'text'": Listing(
        title="O", models=(Post,), statement=select(Post.title)
    ),
    "'P' cannot be asked: its statement selects a whole model": Figure(
        title="P", models=(Post,), statement=select(Post)
    ),
    "'Q' cannot be asked: its statement has a LIMIT": Listing(title="Q", models=(Post,), statement=POSTS.limit(3)),
    "'R' cannot be asked: its statement holds a subquery or an alias": Figure(
        title="R", models=(Post,), statement=select(func.count(OTHER.id))
    ),
    "'V' cannot be asked: its statement holds a subquery or an alias": Figure(
        title="V", models=(Post,), statement=select(func.count(SOME.id))
    ),
    "'S' cannot be asked: its statement does not read Comment": Figure(
        title="S", models=(Post, Comment), statement=select(func.count(Post.id))
    ),
    "'T' cannot be asked: its statement reads the table 'comments_comment'": Figure(
        title="T", models=(Post,), statement=select(func.count(Comment.id)).join(Comment.post)
    ),
    "'U' leads to a list filtered by 'state', and there is no such filter of Comment": Figure(
        title="U", models=(Comment,), where=Comment.id > 0, query={"state": "pending"}
    ),
}

plugin = Plugin(
    name="wrong",
    depends_on=("blog", "comments"),
    extensions={"admin.dashboard": list(WRONG.values())},
)
