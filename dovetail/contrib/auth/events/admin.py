"""The page of security events in the back office, for superusers."""

from collections.abc import Callable
from typing import ClassVar

from starlette.requests import Request

from dovetail.contrib.admin.views import ChoiceFilter, ColumnFilter, DateFilter, ModelAdmin, RelationFilter, user_of
from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.events.words import WORDS
from dovetail.translation.texts import gettext_lazy


def detail_in_words(event: SecurityEvent, _name: str) -> str:
    """Return the detail of an event, in the language of the user."""
    return WORDS.translate(event.detail)


class SecurityEventAdmin(ModelAdmin, model=SecurityEvent):
    """The view of security events: read-only, and only for superusers."""

    name_plural = gettext_lazy("Security events")
    icon = "fa-solid fa-shield-halved"
    category = gettext_lazy("People")
    can_create = False
    can_edit = False
    can_delete = False
    list_display = ("created_at", "kind", "username", "actor_name", "address", "detail", "times")
    details_display = (
        *("created_at", "kind", "username", "actor_name", "address", "user_agent", "request_id", "detail", "times"),
    )
    fields = ("detail",)
    labels: ClassVar[dict[object, str]] = {
        "created_at": gettext_lazy("Time"),
        "username": gettext_lazy("User"),
        "actor_name": gettext_lazy("By"),
        "times": gettext_lazy("Times"),
        "request_id": gettext_lazy("Request"),
    }
    formatters: ClassVar[dict[object, Callable[..., object]]] = {"detail": detail_in_words}
    details_formatters = formatters
    sortable_by = ("id",)
    ordering = ("-id",)
    list_filter = (
        ChoiceFilter(SecurityEvent.kind, EventKind),
        RelationFilter(SecurityEvent.user),
        RelationFilter(SecurityEvent.actor, title=gettext_lazy("By")),
        ColumnFilter(SecurityEvent.address),
        DateFilter(SecurityEvent.created_at, title=gettext_lazy("Time")),
    )
    autocomplete_fields: ClassVar[dict[str, dict[str, object]]] = {
        "user": {"fields": ("username",), "order_by": "username"},
        "actor": {"fields": ("username",), "order_by": "username"},
    }

    def is_accessible(self, request: Request) -> bool:
        """Return True for superusers."""
        return user_of(request).is_superuser
