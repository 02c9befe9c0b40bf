"""Choosing a related object by typing: what a lookup may see, and how it finds it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqladmin.ajax import QueryAjaxModelLoader
from sqlalchemy import Select, or_, select
from starlette.requests import Request

from dovetail.contrib.admin.forms.keys import has_identifier, have_identifiers, identifier_of
from dovetail.contrib.admin.lists.queries import MAXIMUM_TERM, contains
from dovetail.contrib.admin.lists.rights import NOTHING, rights_of
from dovetail.contrib.admin.options.attributes import name_of
from dovetail.contrib.admin.visit import current_visit

if TYPE_CHECKING:
    from dovetail.contrib.admin.views import ModelAdmin

LIMIT = 20


class Lookup(QueryAjaxModelLoader):
    """Finds the objects a relation may refer to, among those the user may list in a view of the related model."""

    model: type[Any]
    model_admin: "ModelAdmin"

    def _process_fields(self) -> list[Any]:
        return []  # SQLAdmin looks for columns of the model alone, and our search follows paths

    def may_use(self, request: Request) -> bool:
        """Whether the user may see related objects at all."""
        return rights_of(request).visible(self.model) is not NOTHING

    def rows(self, request: Request) -> Select[Any]:
        """The objects the user may see."""
        return select(self.model).where(rights_of(request).visible(self.model))

    async def get_list(self, request: Request, term: str) -> list[Any]:
        """The first objects in whose declared fields `term` stands."""
        word = term[:MAXIMUM_TERM].replace("\0", " ").strip()
        statement = self.rows(request).where(
            or_(*(contains(self.model, str(name), word, rights_of(request)) for name in self.fields))
        )
        if self.where is not None:
            statement = statement.where(*await self._prepare_where_clauses(request, term))
        order = self._cached_fields_order_by or [getattr(self.model, str(self.fields[0]))]
        return list((await current_visit().session.scalars(statement.order_by(*order).limit(self.limit))).all())

    async def get_many(self, request: Request, identifiers: Sequence[str]) -> list[Any]:
        """The objects with these identifiers that the user may see."""
        statement = self.rows(request).where(have_identifiers(self.model, identifiers))
        if self.where is not None:
            statement = statement.where(*await self._prepare_where_clauses(request, ""))
        return list((await current_visit().session.scalars(statement)).all())

    async def format_by_pk(self, pk: Any) -> dict[str, Any]:
        """What the form shows for an identifier that was sent; nothing, if the user may not see it."""
        visit = current_visit()
        if pk is None:
            return {}
        statement = self.rows(visit.request).where(has_identifier(self.model, str(pk)))
        found = (await visit.session.scalars(statement)).first()
        return {} if found is None else self.format(found)

    def format(self, model: Any) -> dict[str, Any]:
        """What the form shows for an object."""
        return {"id": identifier_of(model), "text": self.model_admin.title_of(model)}


def make_lookup(view: "ModelAdmin", name: str, options: dict[str, Any]) -> Lookup:
    """The lookup for the relation `name` of a view; `options` are SQLAdmin's: fields, order_by, limit, where."""
    model = view._mapper.relationships[name].mapper.class_  # noqa: SLF001 - SQLAdmin offers no other way
    named = {"fields": tuple(name_of(field) for field in options["fields"])}
    return Lookup(name, model, view, **{"limit": LIMIT} | options | named)
