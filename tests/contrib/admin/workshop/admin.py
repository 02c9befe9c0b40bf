from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from wtforms import Form, RadioField, StringField
from wtforms.validators import InputRequired, Length

from dovetail.contrib.admin.views import BooleanFilter, ModelAdmin, SelectedRows, action, user_of
from dovetail.contrib.auth.models import User
from dovetail.errors import ConflictError
from dovetail.plugin import gettext_lazy
from tests.contrib.admin.workshop.models import Tool

CALLS: list[int] = []  # with how many tools at a time `mend` was called


class ReaderForm(Form):
    reader = StringField("Reader", validators=[InputRequired(), Length(max=10)])
    haste = RadioField("Haste", choices=[("none", gettext_lazy("None"))], default="none")


@action(description="Lend", form=ReaderForm, in_batches=False)
async def lend(
    view: ModelAdmin, request: Request, tools: Sequence[Tool], data: Mapping[str, Any]
) -> str | PlainTextResponse:
    if data["reader"] == "nobody":
        return PlainTextResponse("Nobody borrows.", 409)
    for tool in tools:
        tool.lent_to = data["reader"]
    return f"Lent to {data['reader']}."


async def take_back(view: ModelAdmin, request: Request, tools: Sequence[Tool]) -> None:
    for tool in tools:
        tool.lent_to = ""


class ToolAdmin(ModelAdmin, model=Tool):
    list_display = ("name", "lent_to")
    list_filter = (BooleanFilter(Tool.is_broken, title="Broken"),)
    list_per_page = 2
    list_per_page_options = (2, 5)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "lent_to", "is_broken")
    actions = (take_back, lend, "mend")
    action_form = ReaderForm
    actions_on_bottom = True
    actions_selection_counter = False

    async def mend(self, request: Request, tools: Sequence[Tool]) -> None:
        CALLS.append(len(tools))
        for tool in tools:
            if tool.lent_to == "nobody":
                raise ConflictError("Nobody has it.")
            tool.is_broken = False

    @action(description="Label", permissions=["label"])
    async def stick(self, request: Request, tools: Sequence[Tool]) -> PlainTextResponse:
        return PlainTextResponse(", ".join(tool.name for tool in tools))

    @action(max_objects=1)
    async def rename(self, request: Request, tools: Sequence[Tool], data: Mapping[str, Any]) -> str:
        tools[0].name = data["reader"]
        return "Renamed."

    def has_label_permission(self, request: Request) -> bool:
        return user_of(request).username == "boss"


class RackAdmin(ModelAdmin, model=Tool):
    """The same tools, with actions that are handed rows."""

    identity = "rack"
    list_display = fields = search_fields = ("name",)

    @action
    async def mend(self, request: Request, tools: SelectedRows[Tool]) -> None:
        CALLS.append(len(tools))
        lost = await self.session.scalar(select(Tool.id).where(tools.condition, Tool.lent_to == "nobody"))
        if lost is not None:
            raise ConflictError("Nobody has it.")
        await tools.update(is_broken=False)

    @action(form=ReaderForm)
    async def lend(self, request: Request, tools: "SelectedRows[Tool]", data: Mapping[str, Any]) -> str:
        return f"{await tools.update(lent_to=data['reader'])} lent to {data['reader']}."

    @action
    async def call(self, request: Request, tools: SelectedRows[Tool]) -> str:
        for tool in await tools.objects():
            tool.name = f"{tool.name}!"
        await tools.update(lent_to="")
        return "Called."

    @action
    async def forget(self, request: Request, tools: SelectedRows[Tool]) -> None:
        await tools.update(name=case((Tool.lent_to == "nobody", None), else_=Tool.name))

    @action
    async def insist(self, request: Request, tools: SelectedRows[Tool]) -> str:
        with suppress(IntegrityError):
            await tools.update(name=case((Tool.lent_to == "nobody", None), else_=Tool.name + "!"))
        return "Nobody minds."

    @action
    async def count(self, request: Request, tools: SelectedRows[Tool]) -> PlainTextResponse:
        return PlainTextResponse(f"{await tools.update(is_broken=False)} are too many.", 409)

    @action
    async def sell(self, request: Request, tools: SelectedRows[Tool]) -> None:
        await tools.update(price=3)


class IdleAdmin(ModelAdmin, model=Tool):
    """Lets nobody do anything but look and change."""

    identity = "idle"
    list_display = fields = ("name",)
    actions = None
    can_delete = False

    @action
    async def polish(self, request: Request, tools: Sequence[Tool]) -> None:
        raise AssertionError("it has no actions")


class WriterAdmin(ModelAdmin, model=User):
    """Users by what they have written, which goes with them."""

    identity = "writer"
    name, name_plural = "Writer", "Writers"
    list_display = ("username",)
    fields = ("full_name", "posts")
    autocomplete_fields = ("posts",)
