"""Posts and tags in the back office."""

from typing import Any, ClassVar

from starlette.requests import Request

from dovetail.contrib.admin.views import (
    BooleanFilter,
    Chart,
    ModelAdmin,
    RelationFilter,
    SelectedRows,
    action,
    shortened,
)
from dovetail.plugin import gettext_lazy, ngettext
from plugins.blog.models import POST_TEXT, Post, Tag


class PostAdmin(ModelAdmin, model=Post):
    """Posts, newest first."""

    icon = "fa-solid fa-pen-nib"
    category = gettext_lazy("Blog")
    list_display = ("title", "author", "is_published", "tags", "view_count", "created_at")
    details_display = (
        *("title", "content", "author", "tags", "is_published", "view_count"),
        *("created_at", "updated_at"),
    )
    bulk_editable = ("author", "is_published")
    export_display: ClassVar[list[Any]] = ["id", "title", "author", "is_published", "tags", "created_at"]
    formatters: ClassVar[dict[Any, Any]] = {"title": shortened(80)}
    labels: ClassVar[dict[object, str]] = {
        "is_published": gettext_lazy("Published"),
        "view_count": gettext_lazy("Views"),
        "created_at": gettext_lazy("Created"),
        "updated_at": gettext_lazy("Changed"),
    }
    full_text = POST_TEXT
    search_fields = ("author.username", "author.full_name")
    search_help_text = gettext_lazy("title, content, author")
    sortable_by = ("title", "author", "is_published", "view_count", "created_at")
    sort_paths: ClassVar[dict[str, str]] = {"author": "author.username"}
    ordering = ("-created_at",)
    unindexed = ("author", "search")  # searches by author name; the time limit of the back office applies
    list_filter = (
        BooleanFilter(Post.is_published, title=gettext_lazy("Published")),
        RelationFilter(Post.author),
        RelationFilter(Post.tags, title=gettext_lazy("Tag")),
    )
    fields = ("title", "content", "author", "tags", "is_published")
    markdown_fields = ("content",)
    field_args: ClassVar[dict[str, dict[str, object]]] = {"content": {"enable_autoresize": False}}
    widget_args: ClassVar[dict[str, dict[str, object]]] = {"content": {"rows": 18}}
    autocomplete_fields: ClassVar[dict[str, dict[str, object]]] = {
        "author": {"fields": ("username", "full_name", "email"), "order_by": "username"},
        "tags": {"fields": ("name",), "order_by": "name"},
    }

    @action(description=gettext_lazy("Publish"), permissions=["change"])
    async def publish(self, request: Request, posts: SelectedRows[Post]) -> str:  # noqa: ARG002 - every action is handed it
        """Let everybody read the posts."""
        count = await posts.update(is_published=True)
        return ngettext("%(count)s post published.", "%(count)s posts published.", count) % {"count": count}

    @action(description=gettext_lazy("Unpublish"), permissions=["change"])
    async def unpublish(self, request: Request, posts: SelectedRows[Post]) -> str:  # noqa: ARG002 - as above
        """Make drafts of the posts again."""
        count = await posts.update(is_published=False)
        return ngettext("%(count)s post unpublished.", "%(count)s posts unpublished.", count) % {"count": count}


class TagAdmin(ModelAdmin, model=Tag):
    """Tags by name."""

    icon = "fa-solid fa-tag"
    category = gettext_lazy("Blog")
    can_import = True
    list_display = ("name",)
    search_fields = ("name",)
    sortable_by = ("name",)
    ordering = ("name",)
    unindexed = ("search",)  # there are few tags
    fields = ("name",)


POSTS_A_DAY = Chart(title=gettext_lazy("Posts a day"), models=(Post,), per_day=Post.created_at, seconds=300)
