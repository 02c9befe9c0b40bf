"""Posts and tags in the back office."""

from typing import Any, ClassVar

from dovetail.contrib.admin.views import BooleanFilter, ModelAdmin, RelationFilter, shortened
from plugins.blog.models import POST_TEXT, Post, Tag


class PostAdmin(ModelAdmin, model=Post):
    """Posts, newest first."""

    icon = "fa-solid fa-pen-nib"
    category = "Blog"
    column_list = ("title", "author", "is_published", "tags", "view_count", "created_at")
    column_details_list = (
        *("title", "content", "author", "tags", "is_published", "view_count"),
        *("created_at", "updated_at"),
    )
    column_export_list: ClassVar[list[Any]] = ["id", "title", "author", "is_published", "tags", "created_at"]
    column_formatters: ClassVar[dict[Any, Any]] = {"title": shortened(80)}
    column_labels: ClassVar[dict[Any, str]] = {
        "is_published": "Published",
        "view_count": "Views",
        "created_at": "Created",
        "updated_at": "Changed",
    }
    full_text = POST_TEXT
    column_searchable_list = ("author.username", "author.full_name")
    column_sortable_list = ("title", "author", "is_published", "view_count", "created_at")
    column_sort_paths: ClassVar[dict[str, str]] = {"author": "author.username"}
    column_default_sort = ("created_at", True)
    unindexed = ("author", "search")  # by somebody's name: within the time limit of the back office, or not at all
    column_filters = (
        BooleanFilter(Post.is_published, title="Published"),
        RelationFilter(Post.author),
        RelationFilter(Post.tags, title="Tag"),
    )
    form_columns = ("title", "content", "author", "tags", "is_published")
    form_args: ClassVar[dict[str, dict[str, object]]] = {"content": {"enable_autoresize": False}}
    form_widget_args: ClassVar[dict[str, dict[str, object]]] = {"content": {"rows": 18}}
    form_ajax_refs: ClassVar[dict[str, dict[str, object]]] = {
        "author": {"fields": ("username", "full_name", "email"), "order_by": "username"},
        "tags": {"fields": ("name",), "order_by": "name"},
    }

    def search_placeholder(self) -> str:
        """Return what the search looks at, in words."""
        return "title, content, author"


class TagAdmin(ModelAdmin, model=Tag):
    """Tags by name."""

    icon = "fa-solid fa-tag"
    category = "Blog"
    column_list = ("name",)
    column_searchable_list = ("name",)
    column_sortable_list = ("name",)
    column_default_sort = "name"
    unindexed = ("search",)  # there are few tags
    form_columns = ("name",)
