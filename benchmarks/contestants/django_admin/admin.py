"""The blog in Django's admin, tuned as its documentation says: joins for what a list shows, and no second count."""

from typing import Any

from django.contrib import admin

from benchmarks.contestants.django_admin.models import Comment
from benchmarks.contestants.django_blog.models import Post, Tag, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Authors: what the forms of posts look them up by."""

    search_fields = ("username", "full_name")
    ordering = ("username",)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    """Tags by name."""

    search_fields = ("name",)


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    """Posts, newest first."""

    list_display = ("title", "author", "is_published", "tag_names", "view_count", "created_at")
    list_filter = ("is_published",)
    list_select_related = ("author",)
    list_per_page = 25
    search_fields = ("title", "content")
    show_full_result_count = False
    autocomplete_fields: tuple[str, ...] = ("author", "tags")

    def get_queryset(self, request: Any) -> Any:
        """Load the tags of a page by one statement."""
        return super().get_queryset(request).prefetch_related("tags")

    def tag_names(self, post: Post) -> str:
        """What it is about."""
        return ", ".join(tag.name for tag in post.tags.all())


class LongPostAdmin(PostAdmin):
    """The same with 200 rows a page."""

    list_per_page = 200
    autocomplete_fields: tuple[str, ...] = ()
    raw_id_fields = ("author",)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    """Comments, newest first."""

    list_display = ("__str__", "post", "author", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("post", "author")
    list_per_page = 25
    search_fields = ("content",)
    show_full_result_count = False
    raw_id_fields = ("post", "author", "parent")


long_pages = admin.AdminSite("long_pages")
long_pages.register(Post, LongPostAdmin)
