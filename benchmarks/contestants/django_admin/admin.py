"""The blog in Django's admin, tuned as its documentation says: joins for what a list shows, and no second count."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import StreamingHttpResponse

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
    actions = ("publish", "unpublish")

    @admin.action(description="Publish")
    def publish(self, request: Any, queryset: Any) -> None:
        """Let everybody read the posts, as Django's documentation does it: by one UPDATE."""
        self.message_user(request, f"{queryset.update(is_published=True)} posts published.")

    @admin.action(description="Unpublish")
    def unpublish(self, request: Any, queryset: Any) -> None:
        """Make drafts of the posts again."""
        self.message_user(request, f"{queryset.update(is_published=False)} posts unpublished.")

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


class ReplyInline(admin.TabularInline):
    """The replies to a comment."""

    model = Comment
    fields = ("content", "status")
    ordering = ("created_at",)
    extra = max_num = 0
    can_delete = False
    show_change_link = True


class _Echo:
    """Takes what a writer of CSV writes, and gives it back."""

    def write(self, value: str) -> str:
        """Return a line."""
        return value


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    """Comments, newest first."""

    list_display = ("__str__", "post", "author", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("post", "author")
    list_per_page = 25
    search_fields = ("content",)
    show_full_result_count = False
    fields = ("content", "status")
    inlines = (ReplyInline,)
    actions = ("export_as_csv",)

    @admin.action(description="Export as CSV")
    def export_as_csv(self, request: Any, queryset: Any) -> StreamingHttpResponse:  # noqa: ARG002 - Django's signature
        """Stream the comments, as Django's documentation streams large CSV files."""

        def lines() -> Iterator[str]:
            writer = csv.writer(_Echo())
            yield writer.writerow(self.list_display)
            for one in queryset.select_related("post", "author").iterator(2_000):
                row = (one.content, one.post.title, one.author.username, one.status, one.created_at)
                yield writer.writerow(row)

        return StreamingHttpResponse(lines(), content_type="text/csv")


long_pages = admin.AdminSite("long_pages")
long_pages.register(Post, LongPostAdmin)
