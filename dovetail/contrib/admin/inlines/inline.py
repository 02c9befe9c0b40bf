"""Declare the inlines of a form: `TabularInline`, `StackedInline`, and their generic variants.

    class ChoiceInline(TabularInline, model=Choice):
        fields = ("text", "votes")

    class QuestionAdmin(ModelAdmin, model=Question):
        inlines = (ChoiceInline,)

Options have the names of Django's `InlineModelAdmin`; `dovetail.contrib.admin.inlines.options` defines them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import new_class
from typing import ClassVar, cast

from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.inlines.formset import InlineFormSet
from dovetail.contrib.admin.inlines.options import GenericInlineBase, InlineBase
from dovetail.contrib.admin.rules.rules import rules_of

# ruff: noqa: ARG002 - the arguments are for subclasses that override a hook


class ParentView(ChangeListView):
    """A view whose forms have inlines: rows of other models that belong to the object of the form."""

    inlines: ClassVar[Sequence[type["InlineModelAdmin"]]] = ()
    """The inlines of the form, classes derived from `TabularInline` or `StackedInline`, in their order."""

    def __init__(self) -> None:
        self._inlines: dict[type[InlineModelAdmin], InlineModelAdmin] = {}
        super().__init__()

    def get_inlines(self, request: Request, obj: object | None) -> Sequence[type["InlineModelAdmin"]]:
        """Return the inlines of the form of an object, or of a new one (None)."""
        return self.inlines

    def get_inline_instances(self, request: Request, obj: object | None = None) -> Sequence["InlineModelAdmin"]:
        """Return the inlines whose rows of `obj` the user may view or add."""
        found = (self.inline_of(request, one) for one in self.get_inlines(request, obj))
        return [inline for inline in found if inline.is_offered(request, obj)]

    async def get_formsets_with_inlines(
        self, request: Request, obj: object | None = None
    ) -> AsyncIterator[tuple[type[InlineFormSet], "InlineModelAdmin"]]:
        """Yield the inlines of the form of an object, each with the class of its formset."""
        for inline in self.get_inline_instances(request, obj):
            yield await inline.get_formset(request, obj), inline

    def get_formset_kwargs(
        self, request: Request, obj: object | None, inline: "InlineModelAdmin", prefix: str
    ) -> Mapping[str, object]:
        """Return the keyword arguments for the formset of an inline; `initial` has the initial values of new rows."""
        return {"instance": obj, "prefix": prefix}

    async def save_formset(self, request: Request, form: Form, formset: InlineFormSet, *, change: bool) -> None:
        """Save the rows of one inline; `change` is False for a new object.

        for row in await formset.save(commit=False):
            row.changed_by = user_of(request)
        await formset.save()
        """
        await formset.save()

    async def save_related(
        self, request: Request, form: Form, formsets: Sequence[InlineFormSet], *, change: bool
    ) -> None:
        """Save the rows of all inlines, after the object of the form was saved."""
        for formset in formsets:
            await self.save_formset(request, form, formset, change=change)

    def inline_called(self, request: Request, obj: object | None, part: str) -> "InlineModelAdmin | None":
        """Return the inline with the prefix `part` in the form of an object: `stage`, or `stage-slot` for a nested one.

        A nested inline is found if `get_inlines(request, None)` or `inlines` of the outer one contains it.
        """
        first, _, within = part.partition("-")
        known = dict.fromkeys((*self.get_inlines(request, obj), *self.get_inlines(request, None), *self.inlines))
        inline = next((self.inline_of(request, one) for one in known if one.prefix() == first), None)
        return inline.inline_called(request, None, within) if within and inline is not None else inline

    def inline_of(self, request: Request, inline: type["InlineModelAdmin"]) -> "InlineModelAdmin":
        """Return the instance of an inline class for this view; it is created once."""
        if inline not in self._inlines:
            self._inlines[inline] = inline.of(self, rules_of(request).home_of(inline.model))
        return self._inlines[inline]


class InlineModelAdmin(InlineBase, ParentView):
    """The base of `TabularInline` and `StackedInline`; it may have nested inlines."""

    formset: ClassVar[type[InlineFormSet]] = InlineFormSet
    """The class of its formset."""

    async def get_formset(self, request: Request, obj: object | None = None) -> type[InlineFormSet]:
        """Return the formset class for the rows of `obj`, or of a new object (None)."""
        is_single = self.link_to_parent.is_single
        most = self.get_max_num(request, obj)
        options = {
            "inline": self,
            "form": await self.permitted_form(request, obj),
            "extra": self.get_extra(request, obj),
            "min_num": self.get_min_num(request, obj),
            "max_num": 1 if is_single else most,
        }
        made = new_class(f"{type(self).__name__}FormSet", (self.formset,), {}, lambda names: names.update(options))
        return cast("type[InlineFormSet]", made)


class TabularInline(InlineModelAdmin):
    """An inline that shows its rows as a table; on narrow screens, each row as a card."""


class StackedInline(InlineModelAdmin):
    """An inline that shows the fields of each row below each other."""

    template: ClassVar[str] = "sqladmin/inlines/stacked.html"
    is_stacked: ClassVar[bool] = True


class GenericTabularInline(GenericInlineBase, TabularInline):
    """A `TabularInline` for a generic relation: `ct_field` and `ct_fk_field` of a row identify its object."""


class GenericStackedInline(GenericInlineBase, StackedInline):
    """A `StackedInline` for a generic relation: `ct_field` and `ct_fk_field` of a row identify its object."""
