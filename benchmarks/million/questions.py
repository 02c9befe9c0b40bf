"""What both sites are asked: the same pages, each at its own address."""

from dataclasses import dataclass
from urllib.parse import quote

from benchmarks.million.rows import COMMON_TAG, MISSING_WORD, RARE_TAG, RARE_WORD, REPLIES, WRITER, Blog

AUTHOR = WRITER  # and a post of that number
FOUND_BY = 50  # the key of a tag on one post of 95
LONG = 200  # rows of a long page
PAGE = 25


@dataclass(frozen=True, kw_only=True)
class Question:
    """A page; `django` is None for what Django does not have."""

    name: str
    dovetail: str
    django: str | None


def questions(blog: Blog) -> dict[str, list[Question]]:
    """The pages of the API and of the back office."""
    return {"API": _api(blog), "Back office": _back_office(blog)}


def _api(blog: Blog) -> list[Question]:
    deep = blog.posts * 9 // 10
    rare, common = (quote(tag) for tag in (RARE_TAG, COMMON_TAG))
    return [
        _same("the newest posts", "/api/posts"),
        _same(f"after {deep:,} posts, by offset", f"/api/posts?offset={deep}"),
        _same("posts of a tag that is not there", "/api/posts?tags__name=nosuch"),
        _same("posts of a rare tag", f"/api/posts?tags__name={rare}"),
        _same("posts of a tag on three of ten", f"/api/posts?tags__name={common}"),
        _same("posts of an author, and how many", f"/api/posts?author_id={AUTHOR}&count=true"),
        _same("posts of a rare tag, and how many", f"/api/posts?tags__name={rare}&count=true"),
        _same("search for a rare word", f"/api/posts?search={RARE_WORD}"),
        _same("search for a word that is not there", f"/api/posts?search={MISSING_WORD}"),
    ]


def _back_office(blog: Blog) -> list[Question]:
    posts, theirs = "/admin/blog/post/", "/admin/django_blog/post/"
    last = -(-blog.posts // PAGE)
    middle = min(500, last // 2)
    comments, others = "/admin/comments/comment/", "/admin/django_admin/comment/"
    return [
        _pair("the first page of posts", posts, theirs),
        _pair(f"the first {LONG} posts", f"{posts}?pageSize={LONG}", "/long/django_blog/post/"),
        _pair(f"page {middle}", f"{posts}?page={middle}", f"{theirs}?p={middle}"),
        _pair("the last page", f"{posts}?page=last", f"{theirs}?p={last}"),
        _pair("posts by title", f"{posts}?sortBy=title", f"{theirs}?o=1"),
        _pair("drafts", f"{posts}?is_published=false", f"{theirs}?is_published__exact=0"),
        _pair("posts of an author", f"{posts}?author={AUTHOR}", f"{theirs}?author__id__exact={AUTHOR}"),
        _pair("posts of a tag", f"{posts}?tags={FOUND_BY}", f"{theirs}?tags__id__exact={FOUND_BY}"),
        _pair("search for a rare word", f"{posts}?search={RARE_WORD}", f"{theirs}?q={RARE_WORD}"),
        _pair("search for a word that is not there", f"{posts}?search={MISSING_WORD}", f"{theirs}?q={MISSING_WORD}"),
        _pair("the form of a post", f"/admin/blog/post/{AUTHOR}/change/", f"{theirs}{AUTHOR}/change/"),
        _pair("the first page of comments", comments, others),
        _pair("pending comments", f"{comments}?status=pending", f"{others}?status__exact=pending"),
        _pair("comments on a post", f"{comments}?post={AUTHOR}", f"{others}?post__id__exact={AUTHOR}"),
        _pair("comments of an author", f"{comments}?author={AUTHOR}", f"{others}?author__id__exact={AUTHOR}"),
        _pair(f"a form with {REPLIES} rows of an inline", f"{comments}1/change/", f"{others}1/change/"),
        _pair(
            f"what goes with a user of {2 * blog.posts // blog.users} posts",
            f"/admin/auth/user/delete/?pks={AUTHOR}",
            f"/admin/django_blog/user/{AUTHOR}/delete/",
        ),
    ]


def _same(name: str, path: str) -> Question:
    return Question(name=name, dovetail=path, django=path)


def _pair(name: str, ours: str, theirs: str | None) -> Question:
    return Question(name=name, dovetail=ours, django=theirs)
