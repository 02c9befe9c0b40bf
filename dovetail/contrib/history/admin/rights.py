"""Decide whether a user of the back office may undo changes: policies apply, and so do the permissions of views."""

from sqlalchemy import ColumnElement
from starlette.requests import Request
from typing_extensions import override

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.history.admin.names import AdminNames
from dovetail.contrib.history.undoing.rights import Authorizer, action_of, model_of
from dovetail.contrib.history.undoing.steps import Step
from dovetail.errors import PermissionDeniedError
from dovetail.translation.texts import gettext, gettext_lazy

PAGES = {"add": "create", "change": "edit", "delete": "delete"}  # the page of a view that does each action
LACKING = {
    "add": gettext_lazy("%(name)s: you lack the permission to add it."),
    "change": gettext_lazy("%(name)s: you lack the permission to change it."),
    "delete": gettext_lazy("%(name)s: you lack the permission to delete it."),
}


class AdminAuthorizer(Authorizer):
    """Decides for the user of a back office request, by permissions, policies and field rules."""

    def __init__(self, request: Request) -> None:
        super().__init__(user_of(request), AdminNames(request))
        self._request = request

    @override
    def condition(self, model: type[object], action: str) -> ColumnElement[bool]:
        """Return the condition on the rows on which the user may perform an action."""
        return rules_of(self._request).where(model, action)

    @override
    def explain(self, model: type[object], action: str) -> str:
        """Return the sentence that explains why an action is refused."""
        return rules_of(self._request).explain(model, action)

    @override
    def closed(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not write, computed ones included."""
        return fields_of(self._request).hidden(model) | fields_of(self._request).read_only(model)

    @override
    def check_entry_point(self, step: Step) -> None:
        """Raise PermissionDeniedError if the model has views but none of them allows the user this action."""
        action = action_of(step)
        views = rights_of(self._request).views_of(model_of(step.table))
        if views and not any(
            view.is_accessible(self._request) and view.has_permission(self._request, PAGES[action]) for view in views
        ):
            raise PermissionDeniedError(
                gettext(LACKING[action]) % {"name": self.names.object_name(step.table, step.rows[0].text)}
            )
