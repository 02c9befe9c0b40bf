"""The page of unsent mail in the back office, for superusers."""

from typing import ClassVar

from starlette.requests import Request

from dovetail.contrib.admin.views import ChoiceFilter, ModelAdmin, user_of
from dovetail.contrib.auth.mail.models import MailKind, OutgoingMail
from dovetail.translation.texts import gettext_lazy, pgettext_lazy


class OutgoingMailAdmin(ModelAdmin, model=OutgoingMail):
    """The view of mail that was not sent yet or was given up; its contents are not shown."""

    name_plural = pgettext_lazy("plural", "Outgoing mail")
    icon = "fa-solid fa-envelope"
    category = gettext_lazy("People")
    can_create = False
    can_edit = False
    list_display = ("created_at", "to", "subject", "attempts", "due_at", "error")
    details_display = list_display
    fields = ("to",)
    labels: ClassVar[dict[object, str]] = {
        "created_at": gettext_lazy("Time"),
        "to": gettext_lazy("Recipient"),  # since "To" is the end of a period elsewhere
        "due_at": gettext_lazy("Next attempt (none: given up)"),
    }
    sortable_by = ("id",)
    ordering = ("-id",)
    list_filter = (ChoiceFilter(OutgoingMail.kind, MailKind),)
    unindexed = ("kind",)  # the table is small

    def is_accessible(self, request: Request) -> bool:
        """Return True for superusers."""
        return user_of(request).is_superuser
