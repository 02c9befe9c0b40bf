"""Fields that choose related objects by their keys, or in two boxes side by side."""

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

SEPARATOR = ","  # between the keys of several objects
KEPT = Markup(
    '<li class="list-inline-item"><i class="fa-solid fa-lock" aria-hidden="true"></i> {}'
    '<input type="hidden" name="{}" value="{}"></li>'
)
KEPT_LIST = Markup('<div class="kept-choices mb-1">{} <ul class="list-inline d-inline mb-0">{}</ul></div>')


@runtime_checkable
class ChoiceSource(Protocol):
    """Finds what a request may choose from."""

    async def get_many(self, request: Request, identifiers: Sequence[str]) -> list[object]:
        """Return those of the objects with these identifiers that are offered."""


class RawIdWidget:
    """A text for keys, with a button that looks one up and the names of what is chosen."""

    validation_attrs = ["required", "disabled"]  # noqa: RUF012 - as WTForms reads it of a widget

    async def __call__(self, field: "RawIdField | RawIdsField", **kwargs: object) -> Markup:
        """Return the input; without a script it is one for keys all the same."""
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
            Markup(html_params(name=field.name, **{"id": field.id} | (field.render_kw or {}) | kwargs)),  # noqa: S704 - it escapes
            "" if disabled else button,
            field.id,
            ", ".join(one["text"] for one in shown if one),
        )


class BoxesWidget:
    """A list of what is chosen, beside which a script puts what can be chosen, with a search."""

    async def __call__(self, field: "BoxesField", **kwargs: object) -> Markup:
        """Return the list of what is chosen."""
        kwargs.setdefault("data-name", field.short_name)
        kwargs |= {"data-role": "boxes", "data-direction": field.direction, "class": "form-select", "multiple": True}
        kwargs.pop("data-placeholder", None)
        shown = [one for one in [await titled(field, one) for one in field.chosen] if one]
        options = (
            Markup('<option value="{}" selected>{}</option>').format(one["id"], one["text"])
            for one in sorted(shown, key=lambda one: one["text"].casefold())
        )
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(name=field.name, **{"id": field.id} | kwargs)),  # noqa: S704 - it escapes
            Markup("").join(options),
        )


class KeptChoicesWidget(AutocompleteWidget):
    """A list of what is chosen and may be taken away, below what stays whatever is chosen."""

    async def __call__(  # type: ignore[override]  # narrower: WTForms passes such a field
        self, field: "KeptChoicesField", **kwargs: object
    ) -> Markup:
        """Return what stays, with fields that send it, and the list of the others."""
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
    """Several related objects, of which those that its loader does not offer stay as they are."""

    widget: AnyWidget = KeptChoicesWidget()

    async def kept(self) -> set[str]:
        """Return the keys of what is chosen and not offered."""
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
        """Return the object that is chosen, or its key as it was sent."""
        return [self.data] if self.data else []

    @property
    def keys(self) -> list[str]:
        """Return the key of what is chosen."""
        return [key_of(one) for one in self.chosen]

    def process_formdata(self, valuelist: list[object]) -> None:
        """Take the last key that is not empty; a key that is a text may begin or end with a space."""
        super().process_formdata(["" if isinstance(value, str) and value.isspace() else value for value in valuelist])


class RawIdsField(AutocompleteMultipleField):
    """Several related objects, chosen by their keys with commas between."""

    widget: AnyWidget = RawIdWidget()

    @property
    def chosen(self) -> Sequence[object]:
        """Return the objects that are chosen, or their keys as they were sent."""
        return list(self.data or ())

    @property
    def keys(self) -> list[str]:
        """Return the keys of what is chosen."""
        return [key_of(one) for one in self.chosen]

    def process_formdata(self, valuelist: list[object]) -> None:
        """Take all keys that are not empty."""
        keys = [key.strip() for value in valuelist for key in str(value).split(SEPARATOR)]
        super().process_formdata(list(dict.fromkeys(keys)) if valuelist else [])


class BoxesField(AutocompleteMultipleField):
    """Several related objects, moved between a box of what can be chosen and one of what is."""

    widget: AnyWidget = BoxesWidget()

    def __init__(self, loader: QueryAjaxModelLoader, *, direction: str = "horizontal", **kwargs: Any) -> None:
        self.direction = direction
        super().__init__(loader, **kwargs)

    @property
    def chosen(self) -> Sequence[object]:
        """Return the objects that are chosen, or their keys as they were sent."""
        return list(self.data or ())


def key_of(one: object) -> str:
    """Return the key of an object that a form shows, or the key itself as it was sent."""
    return identifier_of(one) if hasattr(one, "__mapper__") else str(one)
