"""Choose a related object by typing: which ones a user may choose, and how they are found."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.identifiers import has_identifier, have_identifiers, identifier_of
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.lists.search import MAXIMUM_TERM, contains
from dovetail.contrib.admin.permissions import Rights, rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import NOTHING
from dovetail.contrib.admin.sqladmin_private import AnySelect, ObjectLoader
from dovetail.contrib.admin.view_base import ViewBase

LIMIT = 20


class Autocomplete(ObjectLoader):
    """Finds the objects a relation may refer to, among those the user may list in a view of the related model."""

    model_admin: ViewBase

    def may_use(self, request: Request) -> bool:
        """Return whether the user may see related objects at all."""
        return self._found(rights_of(request)) is not NOTHING

    def rows(self, request: Request) -> AnySelect:
        """Return the statement that selects the objects the user may see."""
        rights = rights_of(request)
        return select(self.model).where(self._found(rights)).options(*loading(self.model, (), rights))

    def _found(self, rights: Rights) -> ColumnElement[bool]:
        return rights.found(self.model_admin.model, [self.name], self.model)

    async def get_list(self, request: Request, term: str) -> list[object]:
        """Return the first objects that hold `term` in one of the option's `fields`."""
        word, rights = term[:MAXIMUM_TERM].replace("\0", " ").strip(), rights_of(request)
        fields = rights.fields.shown(self.model, map(str, self.fields))
        found = (contains(self.model, name, word, rights) for name in fields)
        statement = self.rows(request).where(or_(false(), *found), *await self.conditions(request, term))
        order = [one for one in self.order if not rights.fields.tells(self.model, one)]
        order = order or [getattr(self.model, name) for name in fields[:1]]
        return list((await request_context().session.scalars(statement.order_by(*order).limit(self.limit))).all())

    async def get_many(self, request: Request, identifiers: Sequence[str]) -> list[object]:
        """Return the objects with these identifiers that the user may see."""
        statement = self.rows(request).where(
            have_identifiers(self.model, identifiers), *await self.conditions(request, "")
        )
        return list((await request_context().session.scalars(statement)).all())

    async def format_by_pk(self, pk: object) -> dict[str, object]:
        """Return what the form shows for an identifier that was sent; nothing, if the user may not see the object."""
        context = request_context()
        if pk is None:
            return {}
        statement = self.rows(context.request).where(has_identifier(self.model, str(pk)))
        found = (await context.session.scalars(statement)).first()
        return {} if found is None else self.format(found)

    async def options(self, request: Request, identifiers: Sequence[str]) -> list[dict[str, object]]:
        """Return what a page shows for identifiers that were chosen, of objects that the user may see."""
        return [self.format(one) for one in await self.get_many(request, identifiers)] if identifiers else []

    def format(self, model: object) -> dict[str, object]:
        """Return what the form shows for an object: `{"id": ..., "text": ...}`."""
        return {"id": identifier_of(model), "text": self.model_admin.title_of(model)}


def make_autocomplete(view: ViewBase, name: str, options: Mapping[str, Any]) -> Autocomplete:
    """Return the one for the relation `name` of a view; `options` are SQLAdmin's: fields, order_by, limit, where."""
    model = view.mapper.relationships[name].mapper.class_
    fields = tuple(name_of(field) for field in options["fields"])
    return Autocomplete(name, model, view, **{"limit": LIMIT} | dict(options) | {"fields": fields})
