"""Declare what every module below `views.py` needs of a model's view: options, rows, titles and the form."""

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

# The permissions on the model of which one is enough for an action; who may change rows may look at them, as in Django.
PERMISSIONS: Mapping[str, Sequence[str]] = {
    Action.LIST: ("view", "change"),
    Action.DETAILS: ("view", "change"),
    Action.EXPORT: ("view", "change"),
    Action.CREATE: ("add",),
    Action.IMPORT: ("add", "change"),
    Action.EDIT: ("change",),
    Action.DELETE: ("delete",),
}
CHANGE = ("change",)  # what any other action takes
# The rule of the model's policy that decides to which rows the user may do an action.
RULES: Mapping[str, str] = {
    Action.LIST: "view",
    Action.DETAILS: "view",
    Action.EXPORT: "view",
    Action.CREATE: "add",
    Action.IMPORT: "view",  # each row is asked about, as to be added or to be changed
    Action.EDIT: "change",
    Action.DELETE: "delete",
}


@dataclass(frozen=True)
class TakesPermission:
    """The permission that an action of a view takes, `blog.publish_post` for `action:publish`.

    One that is short, `publish`, is that on the model of the view; or, as in Django, what `has_publish_permission` of
    the view says, to whoever may look at its rows.
    """

    action: str
    permission: str
    is_short: bool = False

    def of(self, view: "type[ViewBase] | ViewBase") -> list[str]:
        """Return the whole names of permissions, of which one is enough."""
        if not self.is_short:
            return [self.permission]
        is_own = not hasattr(ViewBase, self.hook) and hasattr(view, self.hook)
        verbs = PERMISSIONS[Action.LIST] if is_own else (self.permission,)
        return [model_permission(view.plugin_name, verb, view.model.__name__) for verb in verbs]

    @property
    def hook(self) -> str:
        """Return the name of the method of a view that is asked as well."""
        return f"has_{self.permission}_permission"


@dataclass(frozen=True)
class FollowsRule:
    """The rule that an action of a view follows, `moderate` for `action:approve`."""

    action: str
    rule: str


def taken_permissions(view: type[BaseView]) -> list[TakesPermission]:
    """Return the permissions that actions of a view name."""
    found = [one for _, method in marked_methods(view) for one in getattr(method, "takes_permissions", ())]
    return [one for one in found if isinstance(one, TakesPermission)]


def followed_rules(view: type[BaseView]) -> list[FollowsRule]:
    """Return the rules that actions of a view name."""
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

    site_name: ClassVar[str] = "admin"  # the name of the site that the view stands on
    site_secret_key: ClassVar[SecretStr]  # the site's; signs the addresses of pages far from the start of the list

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

    def rows(self, request: Request) -> AnySelect:  # noqa: ARG002 - for those who override it
        """Return the rows that the view shows, in lists, forms, autocompletes, actions and exports.

        The policy of the model decides besides: whatever this returns, the user sees and touches what they may.
        """
        return select(self.model)

    def permitted_rows(self, request: Request, rules: Rules | None = None) -> AnySelect:
        """Return those of `rows` that the policy of the model lets the user view."""
        condition = (rules or rules_of(request)).where(self.model, "view")
        rows = self.rows(request)
        return rows if condition is EVERYTHING else rows.where(condition)

    def list_query(self, request: Request) -> AnySelect:
        """Return what SQLAdmin lists too. Override `rows` instead, which everything obeys."""
        return self.permitted_rows(request)

    def rule_for(self, rules: Rules, action: str) -> str:
        """Return the rule of the policy that decides to which rows an action may be done: `change` for `edit`."""
        known = RULES.get(action) or self.action_rules.get(action)
        if known is None:  # the policy knows it today as yesterday
            known = self.action_rules[action] = rules.rule_called(self.model, action.partition(":")[2])
        return known

    def select_object(self, identifier: str) -> AnySelect:
        """Return the statement that selects the object with this identifier, if the user may see it."""
        return self.permitted_rows(request_context().request).where(has_identifier(self.model, identifier))

    async def get_search_results(self, request: Request, statement: AnySelect, term: str) -> AnySelect:  # noqa: ARG002 - for those who override it
        """Return the rows of a statement that a search finds; override it to search otherwise, by a service, say."""
        found: AnySelect = self.search_query(statement, term)
        return found

    async def run_query(self, statement: AnySelect) -> Sequence[object]:
        """Return the objects that a statement selects, in the request's session."""
        return (await request_context().session.scalars(statement)).unique(id).all()

    def permissions_for(self, action: str) -> builtins.list[str]:
        """Return the permissions of which one is enough for an action, such as `["blog.change_post"]`."""
        declared = self.action_permissions.get(action)
        if declared is not None:
            return [name for one in declared for name in one.of(self)]
        return [
            model_permission(self.plugin_name, verb, self.model.__name__) for verb in PERMISSIONS.get(action, CHANGE)
        ]

    def has_permission(self, request: Request, action: str, obj: object | None = None) -> bool:
        """Return whether the user may do `action`, to `obj` if it is given: by permissions, policies and hooks."""
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
        """Return whether one of Django's `has_..._permission` lets the user do an action that names permissions."""
        hooks = [getattr(self, one.hook, None) for one in taken]
        return not taken or any(hook is None or bool(hook(request)) for hook in hooks)

    def can_delete_any(self, request: Request) -> bool:
        """Return whether to offer deleting; each object that is selected is asked about again."""
        return self.can_delete and self.deletes_selected and self.has_permission(request, "delete")

    # The form.

    def get_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return what the form edits: `fields`, or everything where it is said what to `exclude`."""
        if self.fields or self.get_exclude(request, obj) is None:
            return self.fields
        return everything(type(self))

    def form_layout(self, request: Request, obj: object | None) -> Layout:
        """Return the groups of the form's fields, as far as the user may read them."""
        without = set(map(name_of, self.get_exclude(request, obj) or ()))
        layout = layout_of(self.get_fieldsets(request, obj), without)
        shown = set(self.shown(request, names_in(layout)))
        return tuple(left for one in layout if (left := one.only(shown)).rows)

    def form_readonly(self, request: Request, obj: object | None) -> builtins.list[str]:
        """Return the names of what the form shows and never writes."""
        return self.names_of(self.get_readonly_fields(request, obj))

    def edited(self, request: Request, obj: object | None) -> builtins.list[str]:
        """Return the names of what the form edits, whether the user may read it or not."""
        without = {*map(name_of, self.get_exclude(request, obj) or ()), *self.form_readonly(request, obj)}
        return names_in(layout_of(self.get_fieldsets(request, obj), without))

    async def get_form(
        self,
        request: Request | None = None,
        obj: object | None = None,
        *,
        creating: bool | None = None,  # noqa: ARG002 - what overrides of the last release say
    ) -> type[Form]:
        """Return the class of the form of an object, or of a new one (None)."""
        request = request or request_context().request
        names = tuple(self.edited(request, obj))
        if self.answers_by_request:
            return await self._make_form(request, names)
        if names not in self._form_classes:  # made once: it takes long
            self._form_classes[names] = await self._make_form(request, names)
        return self._form_classes[names]

    async def permitted_form(self, request: Request, obj: object | None) -> type[Form]:
        """Return the class of the form as the user may fill it in: by the policy of the model, field by field."""
        fields, rules, edited = fields_of(request), rules_of(request), self.edited(request, obj)
        # Of fields that the view added itself, such as a password, the policy speaks by name, too.
        hidden = {*rules.hidden(self.model), *(set(edited) - set(self.shown(request, edited)))}
        return restricted(await self.get_form(request, obj), hidden, fields.read_only(self.model))

    async def _make_form(self, request: Request, names: Sequence[str]) -> type[Form]:
        async def make(prop: FieldOf, kwargs: dict[str, object]) -> FormField:
            return await self.formfield_for_dbfield(request, prop, **kwargs)

        converter = partial(self.form_converter, make, with_markdown(self.markdown_fields, self.formfield_overrides))
        return as_admin_form(await self.make_form(names, converter))

    async def get_form_data_for_edit(self, obj: object) -> dict[str, object]:
        """Return what the form shows of an object; its relations were loaded with it."""
        request = request_context().request
        names = self.shown(request, self.edited(request, obj))
        return {FORM_NAMES.get(name, name): getattr(obj, name) for name in names}

    async def audit(self, request: Request, action: str, obj: object, data: dict[str, object] | None) -> None:
        """Tell the site's audit backend, in the same transaction: what cannot be recorded does not happen."""
        key = inspect(obj).identity
        pk = ";".join(map(str, key)) if key else None
        entry = AuditEntry(action=action, identity=self.identity, pk=pk, changes=data)
        await sqladmin_private.audit(self, entry, request)

    @abstractmethod
    async def get_related(self, request: Request, relation: str, identifiers: Sequence[str]) -> Sequence[object]:
        """Return the objects that a form chose for a relation, as far as the user may see them."""


def everything(view: type[ViewBase]) -> builtins.list[object]:
    """Return what a form edits that is told what to exclude, and what it shows besides."""
    names = editable(inspect(view.model), chosen_relations(view), with_keys=view.form_include_pk)
    return [*names, *(one for one in view.readonly_fields if name_of(one) not in names)]


def declared_layout(view: type[ViewBase]) -> Layout:
    """Return the groups of a form's fields as the options of its view declare them."""
    fields = view.fields or (everything(view) if view.exclude is not None else ())
    fieldsets = view.fieldsets or ((None, {"fields": tuple(fields)}),)
    return layout_of(fieldsets, set(map(name_of, view.exclude or ())))


def declared_form(view: type[ViewBase]) -> builtins.list[str]:
    """Return the names of what a form edits as the options of its view declare them."""
    readonly = set(map(name_of, view.readonly_fields))
    return [name for name in names_in(declared_layout(view)) if name not in readonly]
