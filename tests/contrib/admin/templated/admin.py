from starlette.requests import Request

from dovetail.contrib.admin.views import ModelAdmin
from plugins.blog.models import Tag


class TaggedAdmin(ModelAdmin, model=Tag):
    identity = "tagged"
    list_display = fields = ("name",)
    change_list_template = "tagged/list.html"
    add_form_template = "tagged/add.html"
    change_form_template = "tagged/change.html"
    details_template = "tagged/details.html"
    delete_confirmation_template = "tagged/delete.html"
    delete_selected_confirmation_template = "tagged/delete-selected.html"

    async def list_context(self, request: Request) -> dict[str, object]:
        return {"said": "of the list"}

    async def create_context(self, request: Request) -> dict[str, object]:
        return {"said": "of a new one"}

    async def edit_context(self, request: Request) -> dict[str, object]:
        return {"said": "of a change"}

    async def details_context(self, request: Request) -> dict[str, object]:
        return {"said": "of a page"}
