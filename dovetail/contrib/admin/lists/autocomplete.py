"""Autocomplete for related objects: which objects a user may choose, and the search for them.

The search is that of the related view, or searches the `fields` of the option.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, inspect, or_, select
from sqlalchemy.orm import Mapper
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.identifiers import has_identifier, have_identifiers, identifier_of, primary_keys
from dovetail.contrib.admin.lists.relations import loading_named
from dovetail.contrib.admin.lists.search import MAXIMUM_TERM, bare, contains
from dovetail.contrib.admin.permissions import Rights, rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import NOTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect, ObjectLoader
from dovetail.contrib.admin.view_base import ViewBase

LIMIT = 20
MOST_PAGES = 500  # maximum pages without a search term
AS_ITS_VIEW = ("*",)  # instead of columns: the search of the related view


@dataclass(frozen=True)
class Found:
    """Available objects, and whether there are more."""

    rows: Sequence[object]
    more: bool


class Autocomplete(ObjectLoader):
    """Finds available objects for a relation, among those that the user may list in a view of their model."""

    model_admin: ViewBase

    def may_use(self, request: Request) -> bool:
        """Return True if the user may view any related objects."""
        return self._found(rights_of(request)) is not NOTHING

    def rows(self, request: Request) -> AnySelect:
        """Return the SELECT of the objects that the user may view."""
        return select(self.model).where(self._found(rights_of(request))).options(*loading_named(self.model, request))

    def _found(self, rights: Rights) -> ColumnElement[bool]:
        return rights.found(self.model_admin.model, [self.name], self.model)

    def is_searchable(self, request: Request) -> bool:
        """Return True if the objects can be searched; otherwise all are listed page by page."""
        if self.fields != AS_ITS_VIEW:
            return True
        rights = rights_of(request)
        view = rights.searched(self.model)
        if view is None or view.full_text:
            return view is not None
        return bool(rights.fields.shown(self.model, [bare(name_of(one)) for one in view.get_search_fields(request)]))

    async def find(self, request: Request, term: str, page: int = 1) -> Found:
        """Return a page of the objects that match `term`; an empty term matches all."""
        word, rights = term[:MAXIMUM_TERM].replace("\0", " ").strip(), rights_of(request)
        statement = self.rows(request).where(*await self.conditions(request, term))
        statement = statement.order_by(*(one for one in self.order if not rights.fields.tells(self.model, one)))
        if self.fields == AS_ITS_VIEW:
            statement = await self._as_its_view(statement, word, request)
        else:
            statement = self._by_fields(statement, word, rights)
        statement = statement.order_by(*primary_keys(self.model)).limit(self.limit + 1)
        rows = (await request_context().session.scalars(statement.offset((page - 1) * self.limit))).all()
        return Found(rows[: self.limit], len(rows) > self.limit)

    async def _as_its_view(self, statement: AnySelect, word: str, request: Request) -> AnySelect:
        view = rights_of(request).searched(self.model)
        if view is None:
            return statement
        found = await view.get_search_results(request, statement, word)
        return found if self.order else view.sort_query(found, request)

    def _by_fields(self, statement: AnySelect, word: str, rights: Rights) -> AnySelect:
        fields = rights.fields.shown(self.model, map(str, self.fields))
        if word or not fields:
            statement = statement.where(or_(false(), *(contains(self.model, one, word, rights) for one in fields)))
        return statement if self.order else statement.order_by(*(getattr(self.model, name) for name in fields[:1]))

    async def get_many(self, request: Request, identifiers: Sequence[str]) -> list[object]:
        """Return the objects with these identifiers that the user may view."""
        statement = self.rows(request).where(
            have_identifiers(self.model, identifiers), *await self.conditions(request, "")
        )
        return list((await request_context().session.scalars(statement)).all())

    async def format_by_pk(self, pk: object) -> dict[str, object]:
        """Return the option for a submitted identifier; an empty one if the user may not view the object."""
        context = request_context()
        if pk is None:
            return {}
        statement = self.rows(context.request).where(has_identifier(self.model, str(pk)))
        found = (await context.session.scalars(statement)).first()
        return {} if found is None else self.format(found)

    async def options(self, request: Request, identifiers: Sequence[str]) -> list[dict[str, object]]:
        """Return the options for chosen identifiers of objects that the user may view."""
        return [self.format(one) for one in await self.get_many(request, identifiers)] if identifiers else []

    def format(self, model: object) -> dict[str, object]:
        """Return the option for an object: `{"id": ..., "text": ...}`."""
        return {"id": identifier_of(model), "text": self.model_admin.short_title_of(model)}


def make_autocomplete(view: ViewBase, name: str, options: Mapping[str, Any]) -> Autocomplete:
    """Return the autocomplete of a view's relation `name`; `options` are fields, order_by, limit and where."""
    mapper: Mapper[object] = inspect(view.model)
    model = mapper.relationships[name].mapper.class_
    fields = tuple(name_of(field) for field in options.get("fields", AS_ITS_VIEW))
    return Autocomplete(name, model, view, **{"limit": LIMIT} | dict(options) | {"fields": fields})
