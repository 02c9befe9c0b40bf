"""Form fields that choose related objects by their keys (`raw_id_fields`), or in two boxes (`filter_horizontal`)."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from markupsafe import Markup
from sqladmin.ajax import QueryAjaxModelLoader
from starlette.requests import Request
from wtforms.widgets import html_params

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.forms.fields import (
    AnyWidget,
    AutocompleteField,
    AutocompleteMultipleField,
    AutocompleteWidget,
    titled,
)
from dovetail.contrib.admin.request_context import request_context
from dovetail.translation.texts import gettext

SEPARATOR = ","  # the separator between keys of several objects
KEPT = Markup(
    '<li class="list-inline-item"><i class="fa-solid fa-lock" aria-hidden="true"></i> {}'
    '<input type="hidden" name="{}" value="{}"></li>'
)
KEPT_LIST = Markup('<div class="kept-choices mb-1">{} <ul class="list-inline d-inline mb-0">{}</ul></div>')


@runtime_checkable
class ChoiceSource(Protocol):
    """Loads the objects that a request may choose."""

    async def get_many(self, request: Request, identifiers: Sequence[str]) -> list[object]:
        """Return the objects with these identifiers that may be chosen."""


class RawIdWidget:
    """A text input for keys, with a lookup button and the names of the chosen objects."""

    validation_attrs = ["required", "disabled"]  # noqa: RUF012 - WTForms reads it from a widget

    async def __call__(self, field: "RawIdField | RawIdsField", **kwargs: object) -> Markup:
        """Return the input as HTML; it works without the script."""
        url, name = kwargs.pop("data-url", ""), kwargs.pop("data-name", field.short_name)
        disabled = kwargs.get("disabled", False) or (field.render_kw or {}).get("readonly", False)
        kwargs |= {"data-role": "raw-id", "type": "text", "autocomplete": "off", "value": SEPARATOR.join(field.keys)}
        kwargs.pop("data-placeholder", None)
        shown = [await titled(field, one) for one in field.chosen]
        button = Markup(
            '<button class="btn" type="button" data-lookup="{}" data-url="{}" data-name="{}"{}>{}</button>'
        ).format(
            field.id, url, name, Markup(" data-several") if isinstance(field, RawIdsField) else "", gettext("Look up")
        )
        return Markup(
            '<div class="input-group"><input {}>{}</div><div class="form-hint" data-titles-of="{}">{}</div>'
        ).format(
            Markup(html_params(name=field.name, **{"id": field.id} | (field.render_kw or {}) | kwargs)),  # noqa: S704 - the values are escaped
            "" if disabled else button,
            field.id,
            ", ".join(one["text"] for one in shown if one),
        )


class BoxesWidget:
    """A select of the chosen objects; a script adds a searchable box of available ones beside it."""

    async def __call__(self, field: "BoxesField", **kwargs: object) -> Markup:
        """Return the select of the chosen objects as HTML."""
        kwargs.setdefault("data-name", field.short_name)
        kwargs |= {"data-role": "boxes", "data-direction": field.direction, "class": "form-select", "multiple": True}
        kwargs.pop("data-placeholder", None)
        shown = [one for one in [await titled(field, one) for one in field.chosen] if one]
        options = (
            Markup('<option value="{}" selected>{}</option>').format(one["id"], one["text"])
            for one in sorted(shown, key=lambda one: one["text"].casefold())
        )
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(name=field.name, **{"id": field.id} | kwargs)),  # noqa: S704 - the values are escaped
            Markup("").join(options),
        )


class KeptChoicesWidget(AutocompleteWidget):
    """A select of the chosen objects that the user may remove, below those that stay chosen."""

    async def __call__(  # type: ignore[override]  # narrower: WTForms passes such a field
        self, field: "KeptChoicesField", **kwargs: object
    ) -> Markup:
        """Return the objects that stay, with hidden inputs for them, and the select of the others as HTML."""
        chosen, stays = list(field.data or ()), await field.kept()
        shown = [one for one in [await titled(field, one) for one in chosen if key_of(one) in stays] if one]
        field.data = [one for one in chosen if key_of(one) not in stays]
        try:
            others = await super().__call__(field, **kwargs)
        finally:
            field.data = chosen
        items = (KEPT.format(one["text"], field.name, one["id"]) for one in shown)
        told = gettext("You may not take away:")
        return (KEPT_LIST.format(told, Markup("").join(items)) if shown else Markup("")) + others


class KeptChoicesField(AutocompleteMultipleField):
    """Several related objects; those that the loader does not offer stay chosen."""

    widget: AnyWidget = KeptChoicesWidget()

    async def kept(self) -> set[str]:
        """Return the keys of chosen objects that are not offered."""
        keys = [key_of(one) for one in self.data or ()]
        if not keys or not isinstance(self.loader, ChoiceSource):
            return set()
        offered = await self.loader.get_many(request_context().request, keys)
        return set(keys) - set(map(key_of, offered))


class RawIdField(AutocompleteField):
    """One related object, chosen by its key."""

    widget = RawIdWidget()

    @property
    def chosen(self) -> Sequence[object]:
        """Return the chosen object, or its submitted key."""
        return [self.data] if self.data else []

    @property
    def keys(self) -> list[str]:
        """Return the key of the chosen object."""
        return [key_of(one) for one in self.chosen]

    def process_formdata(self, valuelist: list[object]) -> None:
        """Set the last key that is not empty; a text key may begin or end with a space."""
        super().process_formdata(["" if isinstance(value, str) and value.isspace() else value for value in valuelist])


class RawIdsField(AutocompleteMultipleField):
    """Several related objects, chosen by comma-separated keys."""

    widget: AnyWidget = RawIdWidget()

    @property
    def chosen(self) -> Sequence[object]:
        """Return the chosen objects, or their submitted keys."""
        return list(self.data or ())

    @property
    def keys(self) -> list[str]:
        """Return the keys of the chosen objects."""
        return [key_of(one) for one in self.chosen]

    def process_formdata(self, valuelist: list[object]) -> None:
        """Set all keys that are not empty."""
        keys = [key.strip() for value in valuelist for key in str(value).split(SEPARATOR)]
        super().process_formdata(list(dict.fromkeys(keys)) if valuelist else [])


class BoxesField(AutocompleteMultipleField):
    """Several related objects, moved between a box of available and a box of chosen ones."""

    widget: AnyWidget = BoxesWidget()

    def __init__(self, loader: QueryAjaxModelLoader, *, direction: str = "horizontal", **kwargs: Any) -> None:
        self.direction = direction
        super().__init__(loader, **kwargs)

    @property
    def chosen(self) -> Sequence[object]:
        """Return the chosen objects, or their submitted keys."""
        return list(self.data or ())


def key_of(one: object) -> str:
    """Return the key of an object, or the submitted key itself."""
    return identifier_of(one) if hasattr(one, "__mapper__") else str(one)
