"""Comments in the back office, where moderators work."""

from typing import Any, ClassVar

from starlette.requests import Request

from dovetail.contrib.admin.views import (
    ChoiceFilter,
    Figure,
    ModelAdmin,
    RelationFilter,
    SelectedRows,
    TabularInline,
    action,
    badge,
    shortened,
)
from dovetail.plugin import gettext_lazy, ngettext
from plugins.comments.models import COMMENT_TEXT, Comment, CommentStatus
from plugins.comments.policies import MODERATE

COLOURS = {CommentStatus.PENDING: "warning", CommentStatus.APPROVED: "success", CommentStatus.REJECTED: "danger"}


class ReplyInline(TabularInline, model=Comment):
    """The replies to a comment, moderated together with it."""

    verbose_name = gettext_lazy("Reply")
    verbose_name_plural = gettext_lazy("Replies")
    fields = ("content", "status")
    ordering = ("created_at",)
    max_num = 0  # replies are written on the site, not here
    can_delete = False
    show_change_link = True


class CommentAdmin(ModelAdmin, model=Comment):
    """Comments, newest first. They are written on the site; here they are moderated."""

    can_create = False
    icon = "fa-solid fa-comments"
    category = gettext_lazy("Blog")
    list_display = ("content", "post", "author", "status", "created_at")
    details_display = (
        "content",
        "post",
        "author",
        "parent",
        "status",
        "created_at",
        "updated_at",
    )
    formatters: ClassVar[dict[Any, Any]] = {"content": shortened(90), "status": badge(COLOURS)}
    details_formatters: ClassVar[dict[Any, Any]] = {"status": badge(COLOURS)}
    labels: ClassVar[dict[object, str]] = {
        "content": gettext_lazy("Comment"),
        "parent": gettext_lazy("In reply to"),
        "created_at": gettext_lazy("Written"),
        "updated_at": gettext_lazy("Changed"),
    }
    full_text = COMMENT_TEXT
    search_fields = ("author.username",)
    search_help_text = gettext_lazy("comment, author")
    sortable_by = ("post", "author", "status", "created_at")
    sort_paths: ClassVar[dict[str, str]] = {"post": "post.title", "author": "author.username"}
    ordering = ("-created_at",)
    unindexed = ("post", "author", "search")  # searches in related tables; the back office's time limit applies
    list_filter = (
        ChoiceFilter(Comment.status, CommentStatus),
        RelationFilter(Comment.post),
        RelationFilter(Comment.author),
    )
    fields = ("content", "status")
    inlines = (ReplyInline,)
    autocomplete_fields: ClassVar[dict[str, dict[str, object]]] = {
        "post": {"fields": ("title",), "order_by": "title"},
        "author": {"fields": ("username", "full_name"), "order_by": "username"},
    }

    @action("approve", gettext_lazy("Approve"), permission=MODERATE, rule="moderate")
    async def approve(self, request: Request, comments: SelectedRows[Comment]) -> str:  # noqa: ARG002 - every action is handed it
        """Let everybody read the comments."""
        count = await comments.update(status=CommentStatus.APPROVED)
        return ngettext("%(count)s comment approved.", "%(count)s comments approved.", count) % {"count": count}

    @action("reject", gettext_lazy("Reject"), permission=MODERATE, rule="moderate")
    async def reject(self, request: Request, comments: SelectedRows[Comment]) -> str:  # noqa: ARG002 - as above
        """Let nobody read the comments."""
        count = await comments.update(status=CommentStatus.REJECTED)
        return ngettext("%(count)s comment rejected.", "%(count)s comments rejected.", count) % {"count": count}


WAITING = Figure(
    title=gettext_lazy("Comments waiting"),
    models=(Comment,),
    rule="moderate",
    where=Comment.status == CommentStatus.PENDING,
    query={"status": CommentStatus.PENDING.value},
    seconds=30,
)
