"""Hooks by which a view chooses, for each request, the form field of a column or relation and its arguments."""

from abc import abstractmethod
from collections.abc import Mapping

from sqladmin.ajax import QueryAjaxModelLoader
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from starlette.requests import Request

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.forms.column_fields import FieldOf, FormField
from dovetail.contrib.admin.forms.converter import Converter, has_choices
from dovetail.contrib.admin.forms.relation_fields import BoxesField, RawIdField, RawIdsField
from dovetail.contrib.admin.options.relations import searches
from dovetail.contrib.admin.shown import ShownView
from dovetail.contrib.admin.sqladmin_private import ObjectLoader

HOOKS = (
    "formfield_for_dbfield",
    "formfield_for_foreignkey",
    "formfield_for_manytomany",
    "formfield_for_choice_field",
    "get_autocomplete_fields",
)


class FieldHooks(ShownView):
    """Django's `formfield_for_...` hooks; `kwargs` are the arguments of the field.

    `form_class` is the class of the field, `where` limits the choices of a relation, and `choices` those of a column:

        async def formfield_for_foreignkey(self, request, db_field, **kwargs):
            if db_field.key == "author":
                kwargs["where"] = User.is_staff
            return await super().formfield_for_foreignkey(request, db_field, **kwargs)
    """

    @property
    def answers_by_request(self) -> bool:
        """True if the view overrides one of the hooks, so that fields are created for each request."""
        return any(getattr(type(self), name) is not getattr(FieldHooks, name) for name in HOOKS)

    async def formfield_for_dbfield(self, request: Request, db_field: FieldOf, **kwargs: object) -> FormField:
        """Return the field of a column or a relation."""
        if isinstance(db_field, RelationshipProperty):
            make = self.formfield_for_manytomany if db_field.uselist else self.formfield_for_foreignkey
            return await make(request, db_field, **kwargs)
        if has_choices(db_field):
            return await self.formfield_for_choice_field(request, db_field, **kwargs)
        return Converter().field_of(db_field, kwargs)

    async def formfield_for_choice_field(
        self,
        request: Request,  # noqa: ARG002 - for subclasses that override it
        db_field: ColumnProperty[object],
        **kwargs: object,
    ) -> FormField:
        """Return the field of a column with choices; `choices` limits and labels them: `[("oil", "Oils")]`."""
        return Converter().field_of(db_field, kwargs)

    async def formfield_for_foreignkey(
        self, request: Request, db_field: RelationshipProperty[object], **kwargs: object
    ) -> FormField:
        """Return the field of a relation to one object; `where` limits the choices, also when the form is saved."""
        return Converter().field_of(db_field, self._chosen(request, db_field, kwargs))

    async def formfield_for_manytomany(
        self, request: Request, db_field: RelationshipProperty[object], **kwargs: object
    ) -> FormField:
        """Return the field of a relation to several objects; `where` limits the choices, also on saving."""
        return Converter().field_of(db_field, self._chosen(request, db_field, kwargs))

    def _chosen(
        self, request: Request, db_field: RelationshipProperty[object], given: Mapping[str, object]
    ) -> dict[str, object]:
        """Return the arguments of a relation's field: its widget, and the loader of the choices."""
        name, kwargs = db_field.key, dict(given)
        loader, where = kwargs.get("loader"), kwargs.pop("where", None)
        asked = searches(self.get_autocomplete_fields(request))
        if name in asked and asked[name] != searches(self.autocomplete_fields).get(name, {}):
            loader = self.make_loader(name, asked[name])
        if isinstance(loader, ObjectLoader) and where is not None:
            loader = loader.narrowed(where)  # type: ignore[arg-type]  # other types are refused when the condition is used
        kwargs["loader"] = loader
        if "form_class" not in kwargs:
            boxes = self._boxes(name)
            if boxes:
                kwargs |= {"form_class": BoxesField, "direction": boxes}
            elif name not in asked:
                kwargs["form_class"] = RawIdsField if db_field.uselist else RawIdField
        return kwargs

    def _boxes(self, name: str) -> str:
        if name in map(name_of, self.filter_horizontal):
            return "horizontal"
        return "vertical" if name in map(name_of, self.filter_vertical) else ""

    async def loader_of_field(self, request: Request, name: str) -> QueryAjaxModelLoader | None:
        """Return the loader of a relation's choices for this request; None if the relation has no field."""
        if name not in self.loaders and name not in searches(self.get_autocomplete_fields(request)):
            return None
        loader = self.loaders.get(name) or self.make_loader(name, searches(self.get_autocomplete_fields(request))[name])
        made = await self.formfield_for_dbfield(request, self.mapper.relationships[name], loader=loader)
        found = made.kwargs.get("loader")
        return found if isinstance(found, QueryAjaxModelLoader) else None

    @abstractmethod
    def make_loader(self, name: str, options: Mapping[str, object]) -> QueryAjaxModelLoader:
        """Return a loader of a relation's choices that searches by these options."""
