"""Read the objects of a view by identifier: for its pages, its forms, and tasks on selected rows."""

import builtins
from collections.abc import Mapping, Sequence
from typing import cast

from sqladmin.ajax import QueryAjaxModelLoader
from sqladmin.authorization import Action
from sqlalchemy import inspect
from sqlalchemy.orm.interfaces import ORMOption
from starlette.requests import Request

from dovetail.contrib.admin.columns.code_names import names_in_text_of
from dovetail.contrib.admin.columns.columns import paths_read
from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of
from dovetail.contrib.admin.lists.autocomplete import Autocomplete, make_autocomplete
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.rendering import path_for


class ObjectsView(ViewBase):
    """A view that finds its objects, and related objects that the user may view."""

    def make_loaders(self) -> dict[str, QueryAjaxModelLoader]:
        """Return the loaders of the form's relations, by the name of the relation."""
        return {name: self.make_loader(name, options) for name, options in chosen_relations(self).items()}

    def make_loader(self, name: str, options: Mapping[str, object]) -> QueryAjaxModelLoader:
        """Return the loader of a relation with search options."""
        return make_autocomplete(self, name, options)

    @property
    def autocompletes(self) -> Mapping[str, Autocomplete]:
        """Return the loaders of the form's relations, by the name of the relation."""
        return cast("Mapping[str, Autocomplete]", self.loaders)

    def link_to(self, request: Request, obj: object) -> str | None:
        """Return the URL of an object's page; None if there is none that the user may open."""
        rights = rights_of(request)
        view = rights.view_of(type(obj))
        if view is None or not rights.may_link(type(obj)):
            return None
        for action, name, allowed in (
            (Action.EDIT, "edit", view.can_edit),
            (Action.DETAILS, "details", view.can_view_details),
        ):
            if allowed and view.has_permission(request, action, obj):
                return path_for(request, f"admin:{name}", identity=view.identity, pk=identifier_of(obj))
        return None

    def form_details_query(self, request: Request) -> AnySelect:
        """Return the SELECT of an object with the relations that its page shows."""
        statement = self.select_object(request.path_params["pk"])
        paths = [*self.paths(self.detailed(request)), *self.url_paths]
        return statement.options(*loading(self.model, paths, rights_of(request)))

    def form_edit_query(self, request: Request) -> AnySelect:
        """Return the SELECT of an object for its form; when the form is saved, it locks the row."""
        statement = self.select_object(request.path_params["pk"])
        saving = request.method == "POST"  # with deferred columns, since hooks may use them
        statement = statement.options(*self.form_loading(request, None, whole=saving))
        return statement.with_for_update(of=self.model) if saving else statement

    def form_loading(self, request: Request, obj: object | None, *, whole: bool) -> builtins.list[ORMOption]:
        """Return the loader options for the fields of a form, and for the URL of the object on the site."""
        names = [*self.edited(request, obj), *self.form_readonly(request, obj)]
        return loading(self.model, [*self.paths(names), *self.url_paths], rights_of(request), whole=whole)

    async def load_for_form(self, request: Request, obj: object) -> object:
        """Return the object loaded for its form, whose fields may depend on the object."""
        mapper, unloaded = self.mapper, inspect(obj).unloaded
        needed = self.paths([*self.edited(request, obj), *self.form_readonly(request, obj)])
        names = {path.partition(".")[0] for path in self.shown(request, needed)}
        if unloaded.isdisjoint(names.intersection(mapper.relationships.keys())):
            return obj
        whole = request.method == "POST"
        statement = self.select_object(identifier_of(obj)).options(*self.form_loading(request, obj, whole=whole))
        found = await request_context().session.scalars(statement.execution_options(populate_existing=True))
        return found.unique(id).one()

    async def get_objects(
        self, identifiers: Sequence[str], *, for_update: bool = False, relations: Sequence[str] = ()
    ) -> builtins.list[object]:
        """Return the objects with these identifiers that the user may view, in the order of their keys.

        The `relations` and deferred columns with these names are loaded as well.
        """
        context = request_context()
        statement = self.permitted_rows(context.request).where(have_identifiers(self.model, identifiers))
        statement = statement.order_by(None).order_by(*self.pk_columns)
        if for_update:  # with deferred columns, since hooks may use them
            statement = statement.with_for_update(of=self.model)
        if relations or not for_update:
            rights = rights_of(context.request)
            # Messages show their titles.
            paths = relations if for_update else [*relations, *paths_read(self.model, names_in_text_of(self.model))]
            statement = statement.options(*loading(self.model, paths, rights, whole=for_update))
        return builtins.list((await context.session.scalars(statement)).all())

    async def get_related(self, request: Request, relation: str, identifiers: Sequence[str]) -> Sequence[object]:
        """Return the objects with the keys chosen in a form for a relation, if the user may view them."""
        loader = await self.autocomplete_for(request, relation)
        return [] if loader is None else await loader.get_many(request, identifiers)

    async def autocomplete_for(self, request: Request, name: str) -> Autocomplete | None:
        """Return the loader of a relation by the hooks of fields; None if it has none."""
        if not self.answers_by_request:
            return self.autocompletes.get(name)
        loader = await self.loader_of_field(request, name)
        return loader if isinstance(loader, Autocomplete) else None
