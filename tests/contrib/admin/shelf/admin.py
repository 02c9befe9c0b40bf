from collections.abc import Sequence
from typing import Any, ClassVar

from sqladmin import BaseView, expose
from sqladmin.filters import OperationColumnFilter
from sqlalchemy import Select, select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from project.contrib.admin.actions import action
from project.contrib.admin.filters import RelationFilter
from project.contrib.admin.views import ModelAdmin
from project.contrib.admin.visit import current_visit
from project.errors import ConflictError
from tests.contrib.admin.shelf.models import Book, Genre, Stamp


class BookAdmin(ModelAdmin, model=Book):
    """Everybody sees the books that are their own or nobody's; those titled Hidden exist for nobody."""

    column_list = ("title", "owner", "owner.email", "pages")
    column_searchable_list = ("title", "owner.username")
    column_sortable_list = ("title", "owner", "pages")
    column_sort_paths: ClassVar[dict[str, str]] = {"owner": "owner.username"}
    column_filters = (RelationFilter(Book.owner), OperationColumnFilter(Book.pages))
    form_columns = ("title", "notes", "pages", "owner", "genres")
    form_ajax_refs: ClassVar[dict[str, Any]] = {
        "owner": {"fields": ("username",)},
        "genres": {"fields": ("name",)},
    }

    def rows(self, request: Request) -> Select[Any]:
        return select(Book).where(Book.title != "Hidden")

    async def on_model_change(self, data: dict[str, Any], model: Any, is_created: bool, request: Request) -> None:
        if data.get("title") == "Forbidden":
            raise ConflictError("This title is not for sale.")

    async def after_model_change(self, data: dict[str, Any], model: Any, is_created: bool, request: Request) -> None:
        if data.get("title") == "Late":
            raise ConflictError("Too late for this one.")
        if data.get("title") == "Broken":
            raise RuntimeError("a secret of the inside")

    @action("shorten", "Shorten", confirmation_message="Tear out half of the pages?")
    async def shorten(self, request: Request, books: Sequence[Book]) -> str:
        for book in books:
            book.pages //= 2
            await current_visit().session.flush()
            if book.title == "Unbreakable":
                raise ConflictError("This one cannot be torn.")
        return f"{len(books)} books shortened."


class ThinBookAdmin(ModelAdmin, model=Book):
    """Another view of the same books, which shows fewer of them."""

    identity = "thin-books"
    name = "Thin book"
    column_list = ("title",)
    form_columns = ("title",)

    def rows(self, request: Request) -> Select[Any]:
        return select(Book).where(Book.pages < 20)

    @action("burn", "Burn")
    async def burn(self, request: Request, books: Sequence[Book]) -> str:
        for book in books:
            await self.delete_object(request, book)
        return f"{len(books)} books burnt."


class GenreAdmin(ModelAdmin, model=Genre):
    """Secret genres are seen by nobody; those who are called guest may not list genres at all."""

    column_list = ("name",)
    form_columns = ("name",)

    def rows(self, request: Request) -> Select[Any]:
        return select(Genre).where(Genre.is_secret.is_(False))

    def is_accessible(self, request: Request) -> bool:
        return request.state.user.username != "guest"


class StampAdmin(ModelAdmin, model=Stamp):
    column_list = ("motif",)
    form_columns = ("motif",)
    can_create = False


class Report(BaseView):
    name = "Report"

    @expose("/report", methods=["GET", "POST"])
    async def show(self, request: Request) -> Response:
        return PlainTextResponse("a report")
