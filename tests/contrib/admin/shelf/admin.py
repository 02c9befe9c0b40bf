from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, ClassVar

from sqladmin import BaseView, expose
from sqladmin.authorization import Action
from sqladmin.filters import AllUniqueStringValuesFilter, ForeignKeyFilter, OperationColumnFilter
from sqlalchemy import Select, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from dovetail.contrib.admin.views import ModelAdmin, RelationFilter, action, user_of
from dovetail.errors import ConflictError
from tests.contrib.admin.shelf.models import Book, Box, Genre, Keeper, Note, Stamp


class BookAdmin(ModelAdmin, model=Book):
    """Everybody sees the books that are their own or nobody's; those titled Hidden exist for nobody."""

    list_display = ("title", "owner", "owner.email", "pages")
    search_fields = ("title", "owner.username")
    sortable_by = ("title", "owner", "pages")
    sort_paths: ClassVar[dict[str, str]] = {"owner": "owner.username"}
    list_filter = (RelationFilter(Book.owner), OperationColumnFilter(Book.pages))
    export_types: ClassVar[list[str]] = ["csv", "json", "xlsx"]
    can_import = True
    fields = ("title", "notes", "pages", "owner", "genres")
    autocomplete_fields: ClassVar[dict[str, Any]] = {
        "owner": {"fields": ("username",)},
        "genres": {"fields": ("name",)},
    }

    def rows(self, request: Request) -> Select[Any]:
        return select(Book).where(Book.title != "Hidden")

    async def on_model_change(self, data: dict[str, Any], model: Any, is_created: bool, request: Request) -> None:
        if data.get("title") == "Forbidden":
            raise ConflictError("This title is not for sale.")
        if str(data.get("title")).startswith("Status "):
            raise HTTPException(int(data["title"].removeprefix("Status ")))

    async def after_model_change(self, data: dict[str, Any], model: Any, is_created: bool, request: Request) -> None:
        if data.get("title") == "Late":
            raise ConflictError("Too late for this one.")
        if data.get("title") == "Broken":
            raise RuntimeError("a secret of the inside")

    @action("shorten", "Shorten", confirmation_message="Tear out half of the pages?")
    async def shorten(self, request: Request, books: Sequence[Book]) -> str:
        for book in books:
            book.pages //= 2
            await self.session.flush()
            if book.title == "Unbreakable":
                raise ConflictError("This one cannot be torn.")
        return f"{len(books)} books shortened."


def _with_notes(book: Book, _name: str) -> str:
    return f"{book.title}, {book.notes}"


class ReadingAdmin(ModelAdmin, model=Book):
    """A list whose formatter reads a column that the list does not name."""

    identity = "reading"
    list_display = ("title",)
    search_fields = ("title",)
    formatters: ClassVar[dict[str, Any]] = {"title": _with_notes}
    fields = ("title",)


class AnsweringAdmin(ModelAdmin, model=Book):
    """Changes books and answers whatever the request asks for."""

    identity = "answering"
    name = "Answering book"
    list_display = ("title",)
    fields = ("title",)

    @action("answer", "Answer")
    async def answer(self, request: Request, books: Sequence[Book]) -> Any:
        for book in books:
            book.title += " changed"
        return ANSWERS[request.query_params["answer"]]()

    async def after_model_change(self, data: dict[str, Any], model: Any, is_created: bool, request: Request) -> Any:
        return ANSWERS[request.query_params["answer"]]()

    @expose("/page", methods=["GET", "POST"])
    async def page(self, request: Request) -> Any:
        book = await self.session.scalar(select(Book))
        if request.method == "POST":
            book.title += " changed"
        return ANSWERS[request.query_params["answer"]]()


async def stream(*pieces: Any) -> AsyncIterator[Any]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


ANSWERS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "words": lambda: "All good.",
    "no words": lambda: "",
    "text": lambda: PlainTextResponse("an answer"),
    "file": lambda: FileResponse(__file__, filename="admin.py"),
    "stream": lambda: StreamingResponse(stream("an ", b"answer")),
    "plain stream": lambda: StreamingResponse(iter(["an ", "answer"])),
    "empty stream": lambda: StreamingResponse(stream()),
    "elsewhere": lambda: RedirectResponse("/admin/", 303),
    "a number": lambda: 3,
    "a mapping": lambda: {"a": 1},
    "no file": lambda: FileResponse("/no/such/file"),
    "a folder": lambda: FileResponse("/"),
    "broken stream": lambda: StreamingResponse(stream(RuntimeError("a secret of the inside"))),
    "stream of numbers": lambda: StreamingResponse(stream(1, 2)),
    "refusal": lambda: PlainTextResponse("no", 409),
}


class ThinBookAdmin(ModelAdmin, model=Book):
    """Another view of the same books, which shows fewer of them."""

    identity = "thin-books"
    name = "Thin book"
    list_display = ("title",)
    fields = ("title",)

    def rows(self, request: Request) -> Select[Any]:
        return select(Book).where(Book.pages < 20)

    @action("burn", "Burn")
    async def burn(self, request: Request, books: Sequence[Book]) -> str:
        for book in books:
            await self.delete_object(request, book)
        return f"{len(books)} books burnt."


class GenreAdmin(ModelAdmin, model=Genre):
    """Secret genres are seen by nobody; those who are called guest may not list genres at all."""

    list_display = ("name",)
    fields = ("name",)

    def rows(self, request: Request) -> Select[Any]:
        return select(Genre).where(Genre.is_secret.is_(False))

    def is_accessible(self, request: Request) -> bool:
        return user_of(request).username != "guest"


class StampAdmin(ModelAdmin, model=Stamp):
    list_display = ("motif", "year", "country")
    sortable_by = list_display
    fields = ("motif",)
    can_create = False


class NoteAdmin(ModelAdmin, model=Note):
    """Everybody sees their own notes."""

    list_display = ("title",)
    fields = ("title",)
    list_filter = (AllUniqueStringValuesFilter(Note.title),)

    def rows(self, request: Request) -> Select[Any]:
        return select(Note).where(Note.writer_id == user_of(request).id)


class KeeperAdmin(ModelAdmin, model=Keeper):
    """Those who are called guest may not list keepers."""

    list_display = ("name",)
    fields = ("name",)

    def has_permission(self, request: Request, action: str, obj: Any = None) -> bool:
        return not (action == Action.LIST and user_of(request).username == "guest")


class BoxAdmin(ModelAdmin, model=Box):
    """Boxes belong to all; what they hold does not."""

    list_display = ("name", "note", "note.title", "keeper", "notes")
    search_fields = ("name", "note.title", "keeper.name", "notes.title", "parent.note.title")
    sortable_by = ("name", "note", "keeper")
    sort_paths: ClassVar[dict[str, str]] = {"note": "note.title", "keeper": "keeper.name"}
    ordering = ("name",)
    list_filter = (
        RelationFilter(Box.note),
        RelationFilter(Box.notes),
        RelationFilter(Box.keeper),
        ForeignKeyFilter(Box.note_id, Note.title),
    )
    fields = ("name", "note", "keeper", "notes")
    autocomplete_fields: ClassVar[dict[str, Any]] = {
        "note": {"fields": ("title",)},
        "keeper": {"fields": ("name",)},
        "notes": {"fields": ("title",)},
    }


class Report(BaseView):
    name = "Report"

    @expose("/report", methods=["GET", "POST"])
    async def show(self, request: Request) -> Response:
        return PlainTextResponse("a report")
