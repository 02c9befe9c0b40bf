"""Comments in the back office, where moderators work."""

from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request

from dovetail.contrib.admin.views import ChoiceFilter, ModelAdmin, RelationFilter, action, badge, shortened
from plugins.comments.models import COMMENT_TEXT, Comment, CommentStatus
from plugins.comments.policies import MODERATE

COLOURS = {CommentStatus.PENDING: "warning", CommentStatus.APPROVED: "success", CommentStatus.REJECTED: "danger"}


class CommentAdmin(ModelAdmin, model=Comment):
    """Comments, newest first; they are written on the site and moderated here."""

    can_create = False
    icon = "fa-solid fa-comments"
    category = "Blog"
    column_list = ("content", "post", "author", "status", "created_at")
    column_details_list = (
        "content",
        "post",
        "author",
        "parent",
        "status",
        "created_at",
        "updated_at",
    )
    column_formatters: ClassVar[dict[Any, Any]] = {"content": shortened(90), "status": badge(COLOURS)}
    column_formatters_detail: ClassVar[dict[Any, Any]] = {"status": badge(COLOURS)}
    column_labels: ClassVar[dict[Any, str]] = {
        "content": "Comment",
        "parent": "In reply to",
        "created_at": "Written",
        "updated_at": "Changed",
    }
    full_text = COMMENT_TEXT
    column_searchable_list = ("author.username",)
    column_sortable_list = ("post", "author", "status", "created_at")
    column_sort_paths: ClassVar[dict[str, str]] = {"post": "post.title", "author": "author.username"}
    column_default_sort = ("created_at", True)
    unindexed = ("post", "author", "search")  # by what others are called: within the back office's time limit, or not
    column_filters = (
        ChoiceFilter(Comment.status, CommentStatus),
        RelationFilter(Comment.post),
        RelationFilter(Comment.author),
    )
    form_columns = ("content", "status")
    form_ajax_refs: ClassVar[dict[str, dict[str, object]]] = {
        "post": {"fields": ("title",), "order_by": "title"},
        "author": {"fields": ("username", "full_name"), "order_by": "username"},
    }

    def search_placeholder(self) -> str:
        """Return what the search looks at, in words."""
        return "comment, author"

    @action("approve", "Approve", permission=MODERATE, rule="moderate")
    async def approve(self, request: Request, comments: Sequence[Comment]) -> str:  # noqa: ARG002 - every action is handed it
        """Let everybody read the comments."""
        return _set_status(comments, CommentStatus.APPROVED)

    @action("reject", "Reject", permission=MODERATE, rule="moderate")
    async def reject(self, request: Request, comments: Sequence[Comment]) -> str:  # noqa: ARG002 - as above
        """Let nobody read the comments."""
        return _set_status(comments, CommentStatus.REJECTED)


def _set_status(comments: Sequence[Comment], status: CommentStatus) -> str:
    for comment in comments:
        comment.status = status
    return f"{len(comments)} comment{'' if len(comments) == 1 else 's'} {status.value}."
