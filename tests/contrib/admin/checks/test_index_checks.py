"""What no index serves in a view's list is named, and nothing of what is shipped is."""

from typing import ClassVar

from config.settings import Settings
from dovetail.cli.checks.system_checks import run_checks
from dovetail.context import make_context
from dovetail.contrib.admin.checks.index_checks import check_indexes, unserved
from dovetail.contrib.admin.views import AdminSite, BooleanFilter, ChoiceFilter, ModelAdmin, RelationFilter
from dovetail.registry import load_registry
from plugins.blog.models import Post
from plugins.comments.models import Comment, CommentStatus


class Careless(ModelAdmin, model=Post):
    list_display = ("title",)
    ordering = ("-content", "title")
    sortable_by = (Post.title, "author", "created_at", "content")
    sort_paths: ClassVar[dict[str, str]] = {"author": "author.username"}
    search_fields = ("title", "author.username")
    list_filter = (BooleanFilter(Post.is_published), RelationFilter(Post.author), RelationFilter(Post.tags))
    fields = ("title",)


class Careful(ModelAdmin, model=Comment):
    list_display = ("content",)
    ordering = ("-created_at",)
    sortable_by = ("status",)
    list_filter = (ChoiceFilter(Comment.status, CommentStatus), RelationFilter(Comment.post))
    fields = ("content",)


def test_orders_and_searches_without_an_index_are_named():
    index = 'Index("ix_blog_post_content", Post.content)'
    assert [(name, one.what, one.index) for name, one in unserved(Careless)] == [
        ("content", "the default order by content", index),
        ("author", "the order by author, which is another table's", None),
        ("content", "the order by content", index),
        ("search", "its search", 'full_text(Post, "title")'),
    ]


def test_what_has_its_indexes_is_not_named():
    assert list(unserved(Careful)) == []


def test_a_filter_without_an_index_is_named():
    class Filtering(Careful, model=Comment):
        list_filter = (BooleanFilter(Comment.updated_at, title="Changed"),)

    assert [one.index for _, one in unserved(Filtering)] == [
        'Index("ix_comments_comment_updated_at", Comment.updated_at)'
    ]


def test_filters_are_named_however_they_are_written():
    class Named(Careful, model=Comment):
        list_filter = ("updated_at", "status", "post", "post__content", "post.created_at", "nothing")

    assert [(name, one.index) for name, one in unserved(Named)] == [
        ("updated_at", 'Index("ix_comments_comment_updated_at", Comment.updated_at)'),
        ("post.content", 'Index("ix_blog_post_content", Post.content)'),
    ]


def test_a_view_that_a_site_registers_is_looked_at_too(make_settings):
    site = AdminSite()
    site.register(Careless)
    settings = make_settings(plugins=Settings.model_fields["plugins"].default)
    registry = load_registry(settings)
    context = make_context(settings, registry, mounted={"admin.office": [site]})
    assert any("Careless: no index serves its search" in str(message) for message in check_indexes(context))


def test_what_is_shipped_passes(make_settings):
    settings = make_settings(plugins=Settings.model_fields["plugins"].default)
    registry = load_registry(settings)
    found = run_checks(make_context(settings, registry), registry)
    assert [str(message) for message in found if message.id in ("kernel.W005", "admin.W005")] == []
