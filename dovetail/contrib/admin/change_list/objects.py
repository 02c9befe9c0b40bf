"""Read the objects of a view by identifier: for its pages, its forms, and tasks on selected rows."""

import builtins
from collections.abc import Mapping, Sequence
from typing import cast

from sqladmin.ajax import QueryAjaxModelLoader
from sqladmin.authorization import Action
from sqlalchemy import inspect, select
from sqlalchemy.orm.interfaces import ORMOption
from starlette.requests import Request

from dovetail.contrib.admin.columns.columns import paths_of_title
from dovetail.contrib.admin.columns.identifiers import has_identifier, have_identifiers, identifier_of
from dovetail.contrib.admin.lists.autocomplete import Autocomplete, make_autocomplete
from dovetail.contrib.admin.lists.deferred_columns import columns_of_named
from dovetail.contrib.admin.lists.relations import loading, loading_named
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.database.drivers.sqlalchemy_private_statements import merges_rows


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
        named, joined = columns_of_named(request), not merges_rows(statement)
        return statement.options(*loading(self.model, paths, rights_of(request), named=named, joined=joined))

    def form_edit_query(self, request: Request) -> AnySelect:
        """Return the SELECT of an object for its form; when the form is saved, it locks the row."""
        statement = self.select_object(request.path_params["pk"])
        saving = request.method == "POST"  # with deferred columns, since hooks may use them
        # Not joined when saving: PostgreSQL, after waiting for the lock, would return the row as it is now with the
        # related rows of before.
        joined = not saving and not merges_rows(statement)
        statement = statement.options(*self.form_loading(request, None, whole=saving, joined=joined))
        return statement.with_for_update(of=self.model) if saving else statement

    def form_loading(
        self, request: Request, obj: object | None, *, whole: bool, joined: bool = False
    ) -> builtins.list[ORMOption]:
        """Return the loader options for the fields of a form, and for the URL of the object on the site."""
        names = [*self.edited(request, obj), *self.form_readonly(request, obj)]
        paths, named = [*self.paths(names), *self.url_paths], columns_of_named(request)
        return loading(self.model, paths, rights_of(request), named=named, whole=whole, joined=joined)

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

    async def load_for_title(self, request: Request, obj: object) -> None:
        """Load the relations that the `__str__` of a saved object reads, as far as it does not hold them."""
        names = {path.partition(".")[0] for path in paths_of_title(type(obj))}
        if not names.intersection(self.mapper.relationships.keys()) & inspect(obj).unloaded:
            return
        statement: AnySelect = select(self.model).where(has_identifier(self.model, identifier_of(obj)))
        await request_context().session.scalars(statement.options(*loading_named(self.model, request)))

    async def get_objects(
        self,
        identifiers: Sequence[str],
        *,
        for_update: bool = False,
        relations: Sequence[str] = (),
        named: bool = False,
    ) -> builtins.list[object]:
        """Return the objects with these identifiers that the user may view, in the order of their keys.

        The `relations` and deferred columns with these names are loaded as well. Of objects that are only `named`,
        a safe request loads what their `__str__` reads.
        """
        context = request_context()
        statement = self.permitted_rows(context.request).where(have_identifiers(self.model, identifiers))
        statement = statement.order_by(None).order_by(*self.pk_columns)
        if for_update:  # with deferred columns, since hooks may use them
            statement = statement.with_for_update(of=self.model)
        if named and not for_update:
            statement = statement.options(*loading_named(self.model, context.request))
        elif relations or not for_update:
            rights = rights_of(context.request)
            options = loading(self.model, relations, rights, whole=for_update, titled=not for_update)
            statement = statement.options(*options)
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
