"""Views that choose related objects by typing, by key and in boxes, and answer by who asks."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import String, Text
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from wtforms import Field, Form, TextAreaField
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired
from wtforms.widgets import TextArea

from dovetail.contrib.admin.views import ModelAdmin, user_of
from tests.contrib.admin.guild.models import Crafter, Rank, Skill, Town, Workshop


class TownAdmin(ModelAdmin, model=Town):
    list_display = ("name",)
    ordering = ("name",)
    fields = ("name",)


class SkillAdmin(ModelAdmin, model=Skill):
    list_display = ("name",)
    search_fields = ("^name",)
    ordering = ("-name",)
    fields = ("name",)


class CrafterAdmin(ModelAdmin, model=Crafter):
    list_display = ("name", "rank")
    search_fields = ("name", "=rank")
    ordering = ("name",)
    fields = ("name", "rank", "is_retired")


class WorkshopAdmin(ModelAdmin, model=Workshop):
    """Chooses by typing, as the related views search."""

    list_display = ("name",)
    fields = ("name", "about", "head", "town", "skills")
    autocomplete_fields = ("head", Workshop.skills)
    raw_id_fields = ("town",)
    list_filter = ("head",)
    formfield_overrides: ClassVar[dict[object, object]] = {
        String: {"description": "A few words"},
        Text: {"widget": TextArea(), "render_kw": {"rows": 7}},
        "name": {"validators": []},
    }

    class Media:
        css: ClassVar[dict[str, Sequence[str]]] = {"all": ("guild/sign.css",), "print": ("guild/sign.css",)}
        js = ("guild/sign.js",)


class BoxedAdmin(ModelAdmin, model=Workshop):
    identity = "boxed"
    list_display = ("name",)
    fields = ("name", "skills", "helpers")
    filter_horizontal = ("skills",)
    filter_vertical = (Workshop.helpers,)


class RawAdmin(ModelAdmin, model=Workshop):
    identity = "raw"
    list_display = ("name",)
    fields = ("name", "head", "helpers")
    raw_id_fields = ("head", "helpers")


class AskedAdmin(ModelAdmin, model=Workshop):
    """Says by request what its fields are: only masters head a workshop, and nobody helps who is retired."""

    identity = "asked"
    list_display = ("name",)
    fields = ("name", "about", "rank", "head", "helpers", "skills")
    autocomplete_fields = ("head", "helpers", "skills")

    def get_autocomplete_fields(self, request: Request) -> Sequence[object] | Mapping[str, Mapping[str, object]]:
        return ("head", "helpers", "skills") if user_of(request).is_superuser else ("head",)

    async def formfield_for_dbfield(
        self, request: Request, db_field: ColumnProperty[Any] | RelationshipProperty[Any], **kwargs: Any
    ) -> "UnboundField[Field]":
        if db_field.key == "about":
            kwargs |= {"form_class": TextAreaField, "label": "About it"}
        return await super().formfield_for_dbfield(request, db_field, **kwargs)

    async def formfield_for_foreignkey(
        self, request: Request, db_field: RelationshipProperty[Any], **kwargs: Any
    ) -> "UnboundField[Field]":
        if db_field.key == "head":
            kwargs["where"] = Crafter.rank == Rank.MASTER
        return await super().formfield_for_foreignkey(request, db_field, **kwargs)

    async def formfield_for_manytomany(
        self, request: Request, db_field: RelationshipProperty[Any], **kwargs: Any
    ) -> "UnboundField[Field]":
        if db_field.key == "helpers":
            kwargs["where"] = [Crafter.is_retired.is_(False)]
        return await super().formfield_for_manytomany(request, db_field, **kwargs)

    async def formfield_for_choice_field(
        self, request: Request, db_field: ColumnProperty[Any], **kwargs: Any
    ) -> "UnboundField[Field]":
        if db_field.key == "rank" and not user_of(request).is_superuser:
            kwargs["choices"] = [(Rank.APPRENTICE, "Beginner"), ("journeyman", "Journeyman")]
        return await super().formfield_for_choice_field(request, db_field, **kwargs)


class ConditionalAdmin(ModelAdmin, model=Workshop):
    """Asks for more where a rank says so."""

    identity = "conditional"
    list_display = ("name",)
    fields = ("name", "rank", "about", "town")
    raw_id_fields = ("town",)
    field_args: ClassVar[dict[str, dict[str, object]]] = {"about": {"validators": [InputRequired()]}}
    conditional_fields: ClassVar[dict[str, tuple[str, Sequence[object]]]] = {
        "about": ("rank", (Rank.MASTER, Rank.JOURNEYMAN)),
        "town": ("rank", (Rank.MASTER,)),
    }


class TabbedAdmin(ModelAdmin, model=Workshop):
    """Has groups as tabs, with fields that a script helps to fill in."""

    identity = "tabbed"
    list_display = ("name",)
    fieldsets = (
        ("Craft", {"fields": ("name", "rank", "about"), "classes": ("tab",)}),
        ("Times", {"fields": ("founded_on", "opens_at", "facts"), "classes": ("tab",)}),
    )
    conditional_fields: ClassVar[dict[str, tuple[str, Sequence[object]]]] = {"about": ("rank", (Rank.MASTER,))}
    markdown_fields = ("about",)
    details_display = ("name", "about")


class ReadOnlyTextAdmin(ModelAdmin, model=Workshop):
    """Shows a text in Markdown that nobody edits."""

    identity = "read-only-text"
    list_display = ("name",)
    fields = ("name", "about")
    readonly_fields = ("about",)
    markdown_fields = ("about",)


class AnsweringAdmin(ModelAdmin, model=Workshop):
    """Saves, deletes and answers in its own way."""

    identity = "answering"
    list_display = ("name",)
    fields = ("name",)

    async def save_model(self, request: Request, obj: Any, form: Form | None, change: bool) -> None:
        sent = "" if form is None else form.data["name"]
        obj.last_change = f"{'changed' if change else 'added'} by {user_of(request).username}: {sent}"
        await super().save_model(request, obj, form, change)

    async def delete_model(self, request: Request, obj: Any) -> None:
        if obj.name == "Kept":
            obj.last_change = "deleted"
            return
        await super().delete_model(request, obj)

    async def response_add(self, request: Request, obj: Any) -> Response | None:
        return PlainTextResponse(f"{obj.name} is open") if obj.name.startswith("New") else None

    async def response_change(self, request: Request, obj: Any) -> Response | None:
        return PlainTextResponse("No.", 409) if obj.name == "Refused" else None

    async def response_delete(self, request: Request, obj_display: str, obj_id: str) -> Response | None:
        return PlainTextResponse(f"{obj_display} ({obj_id}) is closed")
