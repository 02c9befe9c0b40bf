"""The part of ModelAdmin that the modules below `views.py` need: options, rows, titles and the form."""

import builtins
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from pydantic import SecretStr
from sqladmin import BaseView
from sqladmin.audit import AuditEntry
from sqladmin.authorization import Action
from sqlalchemy import inspect, select
from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin import sqladmin_private
from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.identifiers import has_identifier
from dovetail.contrib.admin.forms.admin_form import AdminForm, as_admin_form, restricted
from dovetail.contrib.admin.forms.column_fields import FieldOf, FormField
from dovetail.contrib.admin.forms.converter import Converter
from dovetail.contrib.admin.forms.field_hooks import FieldHooks
from dovetail.contrib.admin.forms.layout import Layout, editable, layout_of, names_in
from dovetail.contrib.admin.forms.markdown_field import with_markdown
from dovetail.contrib.admin.forms.saving_hooks import SavingHooks
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import EVERYTHING, Rules, rules_of
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES, AnySelect, marked_methods
from dovetail.contrib.auth.permissions.declared import model_permission

# The permissions on the model, one of which suffices for an action; as in Django, "change" implies "view".
PERMISSIONS: Mapping[str, Sequence[str]] = {
    Action.LIST: ("view", "change"),
    Action.DETAILS: ("view", "change"),
    Action.EXPORT: ("view", "change"),
    Action.CREATE: ("add",),
    Action.IMPORT: ("add", "change"),
    Action.EDIT: ("change",),
    Action.DELETE: ("delete",),
}
CHANGE = ("change",)  # for all other actions
# The rule of the model's policy that decides on which rows the user may do an action.
RULES: Mapping[str, str] = {
    Action.LIST: "view",
    Action.DETAILS: "view",
    Action.EXPORT: "view",
    Action.CREATE: "add",
    Action.IMPORT: "view",  # each row is checked, as an added or as a changed one
    Action.EDIT: "change",
    Action.DELETE: "delete",
}


@dataclass(frozen=True)
class TakesPermission:
    """The permission that an action of a view requires: `blog.publish_post` for `action:publish`.

    A short name, `publish`, means that permission on the model of the view; or, as in Django, the method
    `has_publish_permission` of the view, for users who may view its rows.
    """

    action: str
    permission: str
    is_short: bool = False

    def of(self, view: "type[ViewBase] | ViewBase") -> list[str]:
        """Return the full names of the permissions, one of which suffices."""
        if not self.is_short:
            return [self.permission]
        is_own = not hasattr(ViewBase, self.hook) and hasattr(view, self.hook)
        verbs = PERMISSIONS[Action.LIST] if is_own else (self.permission,)
        return [model_permission(view.plugin_name, verb, view.model.__name__) for verb in verbs]

    @property
    def hook(self) -> str:
        """Return the name of the view's method that is called as well."""
        return f"has_{self.permission}_permission"


@dataclass(frozen=True)
class FollowsRule:
    """The rule that an action of a view follows, `moderate` for `action:approve`."""

    action: str
    rule: str


def taken_permissions(view: type[BaseView]) -> list[TakesPermission]:
    """Return the permissions that actions of a view require."""
    found = [one for _, method in marked_methods(view) for one in getattr(method, "takes_permissions", ())]
    return [one for one in found if isinstance(one, TakesPermission)]


def followed_rules(view: type[BaseView]) -> list[FollowsRule]:
    """Return the rules that actions of a view follow."""
    found = (getattr(method, "follows_rule", None) for _, method in marked_methods(view))
    return [one for one in found if isinstance(one, FollowsRule)]


class ViewBase(SavingHooks, FieldHooks):
    """Options and hooks of `dovetail.contrib.admin.views.ModelAdmin` that need no other view and no statement."""

    plugin_name: ClassVar[str] = ""
    """The plugin that the model belongs to, which the site fills in; permissions are called after it."""

    is_home: ClassVar[bool] = False
    """Whether links to the model's objects lead here, as long as it shows them all; the site says so."""

    former_identity: ClassVar[str] = ""
    """Up to the last release the view's addresses began with it; the site fills it in."""

    action_confirmation_template: ClassVar[str] = "sqladmin/confirm.html"
    object_history_template: ClassVar[str] = "sqladmin/history.html"

    deletes_selected: ClassVar[bool] = True
    """Whether several objects are deleted at once; a site may disable it."""

    site_name: ClassVar[str] = "admin"  # the name of the view's site
    site_secret_key: ClassVar[SecretStr]  # of the site; signs the URLs of pages far from the start of the list

    export_types: ClassVar[builtins.list[str]] = ["csv"]
    form_base_class: ClassVar[type[Form]] = AdminForm
    form_converter: ClassVar[type[Converter]] = Converter

    def __init__(self) -> None:
        super().__init__()
        self._form_classes: dict[tuple[str, ...], type[Form]] = {}
        self.action_permissions: dict[str, builtins.list[TakesPermission]] = {}
        for one in taken_permissions(type(self)):
            self.action_permissions.setdefault(one.action, []).append(one)
        self.action_rules = {one.action: one.rule for one in followed_rules(type(self))}

    def rows(self, request: Request) -> AnySelect:  # noqa: ARG002 - for subclasses that override it
        """Return the rows that the view shows, in lists, forms, autocompletes, actions and exports.

        The policy of the model applies as well: a user never gets more rows than it allows.
        """
        return select(self.model)

    def permitted_rows(self, request: Request, rules: Rules | None = None) -> AnySelect:
        """Return those of `rows` that the policy of the model lets the user view."""
        condition = (rules or rules_of(request)).where(self.model, "view")
        rows = self.rows(request)
        return rows if condition is EVERYTHING else rows.where(condition)

    def list_query(self, request: Request) -> AnySelect:
        """Return the statement that SQLAdmin uses for lists. Override `rows` instead, which applies everywhere."""
        return self.permitted_rows(request)

    def rule_for(self, rules: Rules, action: str) -> str:
        """Return the rule of the policy that decides on which rows an action is allowed: `change` for `edit`."""
        known = RULES.get(action) or self.action_rules.get(action)
        if known is None:  # the answer does not change
            known = self.action_rules[action] = rules.rule_called(self.model, action.partition(":")[2])
        return known

    def select_object(self, identifier: str) -> AnySelect:
        """Return the SELECT of the object with this identifier, if the user may view it."""
        return self.permitted_rows(request_context().request).where(has_identifier(self.model, identifier))

    async def get_search_results(self, request: Request, statement: AnySelect, term: str) -> AnySelect:  # noqa: ARG002 - for subclasses that override it
        """Return the rows of a statement that match a search. Override it to search in another way."""
        found: AnySelect = self.search_query(statement, term)
        return found

    async def run_query(self, statement: AnySelect) -> Sequence[object]:
        """Return the objects that a statement selects, in the request's session."""
        return (await request_context().session.scalars(statement)).unique(id).all()

    def permissions_for(self, action: str) -> builtins.list[str]:
        """Return the permissions, one of which suffices for an action, such as `["blog.change_post"]`."""
        declared = self.action_permissions.get(action)
        if declared is not None:
            return [name for one in declared for name in one.of(self)]
        return [
            model_permission(self.plugin_name, verb, self.model.__name__) for verb in PERMISSIONS.get(action, CHANGE)
        ]

    def has_permission(self, request: Request, action: str, obj: object | None = None) -> bool:
        """Return whether permissions, policies and hooks allow the user `action`, on `obj` if it is given."""
        return bool(super().has_permission(request, action, obj)) and self._is_let(request, action, obj)

    def _is_let(self, request: Request, action: str, obj: object | None) -> bool:
        match action:
            case Action.LIST | Action.DETAILS | Action.EXPORT:
                return self.has_view_permission(request, obj)
            case Action.CREATE:
                return self.has_add_permission(request)
            case Action.IMPORT:
                return self.has_add_permission(request) or self.has_change_permission(request)
            case Action.EDIT:
                return self.has_change_permission(request, obj)
            case Action.DELETE:
                return self.has_delete_permission(request, obj)
        return self.actions is not None and self._is_let_by_hooks(request, self.action_permissions.get(action, ()))

    def _is_let_by_hooks(self, request: Request, taken: Sequence[TakesPermission]) -> bool:
        """Return whether one of the `has_..._permission` hooks allows an action that requires permissions."""
        hooks = [getattr(self, one.hook, None) for one in taken]
        return not taken or any(hook is None or bool(hook(request)) for hook in hooks)

    def can_delete_any(self, request: Request) -> bool:
        """Return whether to offer deletion; permissions are checked again for each selected object."""
        return self.can_delete and self.deletes_selected and self.has_permission(request, "delete")

    # The form.

    def get_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return the fields of the form: `fields`, or all except `exclude`."""
        if self.fields or self.get_exclude(request, obj) is None:
            return self.fields
        return everything(type(self))

    def form_layout(self, request: Request, obj: object | None) -> Layout:
        """Return the groups of the form, with the fields that the user may read."""
        without = set(map(name_of, self.get_exclude(request, obj) or ()))
        layout = layout_of(self.get_fieldsets(request, obj), without)
        shown = set(self.shown(request, names_in(layout)))
        return tuple(left for one in layout if (left := one.only(shown)).rows)

    def form_readonly(self, request: Request, obj: object | None) -> builtins.list[str]:
        """Return the names of the read-only fields of the form."""
        return self.names_of(self.get_readonly_fields(request, obj))

    def edited(self, request: Request, obj: object | None) -> builtins.list[str]:
        """Return the names of the editable fields of the form, including those that the user may not read."""
        without = {*map(name_of, self.get_exclude(request, obj) or ()), *self.form_readonly(request, obj)}
        return names_in(layout_of(self.get_fieldsets(request, obj), without))

    async def get_form(
        self,
        request: Request | None = None,
        obj: object | None = None,
        *,
        creating: bool | None = None,  # noqa: ARG002 - overrides for the last release have it
    ) -> type[Form]:
        """Return the form class for an object, or for a new one (None)."""
        request = request or request_context().request
        names = tuple(self.edited(request, obj))
        if self.answers_by_request:
            return await self._make_form(request, names)
        if names not in self._form_classes:  # cached, since creating it is slow
            self._form_classes[names] = await self._make_form(request, names)
        return self._form_classes[names]

    async def permitted_form(self, request: Request, obj: object | None) -> type[Form]:
        """Return the form class with the fields that the policy of the model allows the user."""
        fields, rules, edited = fields_of(request), rules_of(request), self.edited(request, obj)
        # The policy applies by name to fields that the view adds itself, too, such as a password.
        hidden = {*rules.hidden(self.model), *(set(edited) - set(self.shown(request, edited)))}
        return restricted(await self.get_form(request, obj), hidden, fields.read_only(self.model))

    async def _make_form(self, request: Request, names: Sequence[str]) -> type[Form]:
        async def make(prop: FieldOf, kwargs: dict[str, object]) -> FormField:
            return await self.formfield_for_dbfield(request, prop, **kwargs)

        converter = partial(self.form_converter, make, with_markdown(self.markdown_fields, self.formfield_overrides))
        return as_admin_form(await self.make_form(names, converter))

    async def get_form_data_for_edit(self, obj: object) -> dict[str, object]:
        """Return the data of an object for its form; its relations must be loaded."""
        request = request_context().request
        names = self.shown(request, self.edited(request, obj))
        return {FORM_NAMES.get(name, name): getattr(obj, name) for name in names}

    async def audit(self, request: Request, action: str, obj: object, data: dict[str, object] | None) -> None:
        """Call the site's audit backend in the same transaction, so that its errors roll the change back."""
        key = inspect(obj).identity
        pk = ";".join(map(str, key)) if key else None
        entry = AuditEntry(action=action, identity=self.identity, pk=pk, changes=data)
        await sqladmin_private.audit(self, entry, request)

    @abstractmethod
    async def get_related(self, request: Request, relation: str, identifiers: Sequence[str]) -> Sequence[object]:
        """Return the objects with the keys chosen in a form for a relation, if the user may view them."""


def everything(view: type[ViewBase]) -> builtins.list[object]:
    """Return the default fields of a form, followed by its read-only fields."""
    names = editable(inspect(view.model), chosen_relations(view), with_keys=view.form_include_pk)
    return [*names, *(one for one in view.readonly_fields if name_of(one) not in names)]


def declared_layout(view: type[ViewBase]) -> Layout:
    """Return the groups of a form as the options of its view declare them."""
    fields = view.fields or (everything(view) if view.exclude is not None else ())
    fieldsets = view.fieldsets or ((None, {"fields": tuple(fields)}),)
    return layout_of(fieldsets, set(map(name_of, view.exclude or ())))


def declared_form(view: type[ViewBase]) -> builtins.list[str]:
    """Return the names of a form's fields as the options of its view declare them."""
    readonly = set(map(name_of, view.readonly_fields))
    return [name for name in names_in(declared_layout(view)) if name not in readonly]
