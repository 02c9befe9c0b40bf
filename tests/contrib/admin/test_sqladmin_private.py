"""Each private part of SQLAdmin that is leaned on: these fail when one of them changes its meaning."""

import ast
import gc
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from weakref import ref

import pytest
from sqladmin import Admin, BaseView, action, expose
from sqladmin.audit import AuditBackend, AuditEntry
from sqladmin.filters import BooleanFilter
from sqlalchemy import ForeignKey, String, Text, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.applications import Starlette
from starlette.datastructures import FormData
from wtforms.validators import Length

import dovetail.contrib.admin
from dovetail.contrib.admin import sqladmin_private
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.sqladmin_private import (
    UNMARKED,
    LeanAdmin,
    ObjectLoader,
    OpenModelView,
    ViewMeta,
    is_action,
    marked_methods,
)
from dovetail.contrib.admin.view_base import ViewBase


class Models(DeclarativeBase):
    pass


class Author(Models):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Book(Models):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(40))
    data: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()


class LoadingView(OpenModelView):
    asked: ClassVar[list[Any]] = []

    def make_loaders(self) -> dict[str, Any]:
        return {name: ObjectLoader(name, Author, self, **options) for name, options in chosen_relations(self).items()}

    def select_object(self, identifier):
        self.asked.append(identifier)
        return select(Book).where(Book.id == int(identifier))

    async def run_query(self, statement):
        self.asked.append(statement)
        return ["an object"]

    async def run_choices_query(self, statement):
        self.asked.append(statement)
        return ["a choice"]


class BookView(LoadingView, model=Book):
    list_display = ("title", "author.name")
    details_display = ("title", "author")
    export_display = ("title",)
    search_fields = (Book.title, "author.name")
    sortable_by = (Book.title,)
    labels: ClassVar[dict[Any, str]] = {"title": "Its name"}
    fields = ("title", "author")
    autocomplete_fields: ClassVar[dict[str, Any]] = {"author": {"fields": ("name", "no.such.path"), "order_by": "name"}}

    @action("burn-it", "Burn")
    async def burn(self, request): ...

    @action("read", "Read")
    async def read(self, request): ...


class Allowing:
    """What SQLAdmin asks an authorization backend."""

    def setup(self, admin): ...

    def has_permission(self, request, identity, action, obj=None):
        return action != "action:read"


@pytest.fixture
def admin():
    return Admin(Starlette(), session_maker=_SessionMaker(), authorization_backend=Allowing())


class _SessionMaker:
    class_ = object

    def configure(self, **options): ...


@pytest.fixture
def view(admin):
    admin.add_view(BookView)
    LoadingView.asked.clear()
    return admin.views[0]


def test_only_one_module_names_private_parts_of_sqladmin():
    folder = Path(dovetail.contrib.admin.__file__).parent
    private = {name for cls in (*BookView.__mro__, Admin) for name in vars(cls) if _is_private(name, cls)}
    named = {
        (str(path.relative_to(folder)), found)
        for path in folder.rglob("*.py")
        if path.name != "sqladmin_private.py"
        for found in _names(ast.parse(path.read_text()), private)
    }
    assert named == set()
    templates = [path.read_text() for path in folder.rglob("*.html")]
    assert templates
    assert not [name for name in private for text in templates if f".{name}" in text]


def _is_private(name: str, cls: type) -> bool:
    return name.startswith("_") and not name.startswith("__") and cls.__module__.startswith("sqladmin")


def _names(tree: ast.AST, private: set[str]):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in private:
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqladmin"):
            yield from (part for part in (node.module or "").split(".") if part.startswith("_"))
            yield from (one.name for one in node.names if one.name.startswith("_"))


def test_a_view_keeps_the_identity_of_its_class_and_has_none_of_its_own_making():
    assert BookView.identity == ""
    assert ViewMeta("Named", (LoadingView,), {"identity": "tomes"}, model=Book).identity == "tomes"


def test_what_sqladmin_found_out_about_a_view_has_public_names(view):
    assert view.mapper is inspect(Book)


def test_relations_are_shown_as_links_unless_the_view_says_otherwise(view):
    assert view.linked_names == {"author"}
    view = ViewMeta("Plain", (BookView,), {"non_link_related_fields": ("author",)}, model=Book)()
    assert view.linked_names == frozenset()


def test_pages_show_what_the_list_shows_unless_the_view_says_otherwise():
    class Short(LoadingView, model=Book):
        list_display = ("title",)

    assert Short().get_details_columns() == ["title"]


def test_headings_are_those_of_the_view_or_names_in_words(view):
    assert view.label("title") == "Its name"
    assert view.label("author_id") == "Author ID"
    assert view._column_labels["author.name"] == "Author name"  # what SQLAdmin's own pages show


def test_the_form_takes_our_loaders(view):
    assert view.autocomplete_fields["author"]["fields"][0] == "name"
    assert isinstance(view.loaders["author"], ObjectLoader)
    assert view._ajax_relation_names == {"author"}  # of which the form asks for no choices


def test_actions_stand_in_the_order_of_the_class_without_those_that_are_not_allowed(view, monkeypatch):
    assert view.visible_actions(None) == {"burn-it": "Burn"}
    monkeypatch.setattr(Allowing, "has_permission", lambda *_: True)
    assert list(view.visible_actions(None)) == ["burn-it", "read"]
    assert list(view.visible_actions(None, in_detail=True)) == ["burn-it", "read"]


def test_a_value_is_formatted_by_its_type(view):
    assert view.format_value("text") == "text"
    view._column_type_formatters[type(None)] = lambda _: "nothing"
    assert view.format_value(None) == "nothing"


async def test_sqladmin_reads_by_our_statements_and_sessions(view):
    request = SimpleNamespace(path_params={"pk": "3"})
    assert await view.get_object_for_edit(request) == "an object"
    assert view.asked[0] == "3"
    assert "book.id" in str(view.asked[1])
    assert await view._run_arbitrary_query(select(Book.title)) == ["a choice"]


async def test_a_loader_orders_and_narrows_as_its_options_say(view):
    loader = view.loaders["author"]
    assert [str(one) for one in loader.order] == ["Author.name"]
    assert await loader.conditions(None, "") == []

    async def narrow(request, term):
        return Author.name == term

    loader = ObjectLoader("author", Author, view, fields=("name",), where=narrow)
    (condition,) = await loader.conditions(None, "Ann")
    assert condition.compare(Author.name == "Ann")
    assert list(loader.order) == []


def test_pages_of_a_view_are_found_by_their_path_and_identity():
    class Report(BaseView):
        name = "Report"

        @expose("/report", identity="yearly")
        async def show(self, request): ...

    assert list(sqladmin_private.exposed_pages(Report)) == [("/report", "yearly")]


def test_actions_and_pages_of_a_view_are_those_that_sqladmin_finds_in_its_order(admin):
    class PagedView(BookView, model=Book):
        @expose("/page")
        async def page(self, request): ...

        async def read(self, request): ...  # no action any more

        @action("again", "Again")
        async def again(self, request): ...

    admin.add_view(PagedView)
    found: dict[type[Admin], list[Any]] = {Admin: [], LeanAdmin: []}
    for site, methods in found.items():
        site._find_decorated_funcs(PagedView, admin.views[0], lambda method, *_, into=methods: into.append(method))

    decorated = [one for one in found[Admin] if hasattr(one, "_action") or hasattr(one, "_exposed")]
    assert found[LeanAdmin] == decorated
    assert [one.__name__ for one in decorated] == ["again", "page", "burn"]


def test_actions_are_told_from_other_methods(view):
    assert sqladmin_private.is_action(view.burn)
    assert not sqladmin_private.is_action(view.label)


async def test_a_view_leads_to_its_application_and_to_its_audit_backend(admin, view):
    told = []

    class Backend(AuditBackend):
        async def log(self, entry, request):
            told.append((entry.action, request))

    admin.audit_backend = Backend()
    await sqladmin_private.audit(view, AuditEntry(action="create", identity="book", pk="1", changes=None), "request")

    assert told == [("create", "request")]
    assert sqladmin_private.app_of(view) is admin.app


def test_a_site_has_a_menu_of_its_views(admin, view):
    assert [item.name for item in sqladmin_private.menu_of(admin).items] == ["Book"]


async def test_a_form_is_read_as_it_was_sent():
    async def form():
        return FormData([("title", "A"), ("tags", "1"), ("tags", "2")])

    read = await sqladmin_private.read_form(SimpleNamespace(form=form), None)
    assert read.multi_items() == [("title", "A"), ("tags", "1"), ("tags", "2")]


def test_names_that_wtforms_uses_itself_are_those_of_the_model_again():
    assert sqladmin_private.FORM_NAMES["data"] == "data_"
    assert sqladmin_private.by_attribute({"data_": 1, "title": 2}, Book) == {"data": 1, "title": 2}


def test_a_filter_has_a_default_only_if_it_was_given_one():
    assert not sqladmin_private.has_default(BooleanFilter("is_good"))
    assert sqladmin_private.has_default(BooleanFilter("is_good", default_value=False))
    assert not sqladmin_private.has_default(object())


def test_conditions_are_told_from_everything_else():
    assert sqladmin_private.are_conditions(Author.name == "Ann")
    assert sqladmin_private.are_conditions([Author.name == "Ann", Author.id > 1])
    assert not sqladmin_private.are_conditions("name = 'Ann'")
    assert not sqladmin_private.are_conditions(3)


def test_a_text_is_held_to_the_length_of_its_column():
    (validator,) = sqladmin_private.text_validators(inspect(Book).column_attrs["title"])
    assert isinstance(validator, Length)
    assert validator.max == 40
    assert list(sqladmin_private.text_validators(inspect(Book).column_attrs["data"])) == []


def test_names_in_words_and_in_addresses():
    assert sqladmin_private.class_slug("BlogPost") == "blog-post"
    assert sqladmin_private.action_slug("Burn it") == "burn-it"


def test_views_of_the_back_office_stand_on_this():
    assert issubclass(ViewBase, OpenModelView)


def test_no_class_of_sqladmin_has_an_action_or_a_page():
    found = [value for cls in UNMARKED for value in vars(cls).values()]

    assert set(OpenModelView.__mro__) == UNMARKED
    assert [one for one in found if is_action(one) or hasattr(one, "_exposed")] == []


def test_of_methods_of_one_name_the_one_that_the_class_has_is_the_marked_one():
    class Mixed:
        @action("first", "First")
        async def first(self, request): ...

        @action("second", "Second")
        async def get_object_for_edit(self, request): ...

    class Hiding(Mixed):
        first = None

    class Behind(OpenModelView, Mixed, metaclass=ViewMeta):
        pass

    assert [name for name, _ in marked_methods(Mixed)] == ["first", "get_object_for_edit"]
    assert [name for name, _ in marked_methods(Hiding)] == ["get_object_for_edit"]
    assert marked_methods(Behind) == [("first", Behind.first)]  # SQLAdmin's method stands in front of the other


def test_a_class_whose_methods_were_looked_for_goes_though_one_of_them_keeps_it():
    class View:
        @action("first", "First")
        async def first(self, request):
            return __class__  # so that the function holds the class

    assert [name for name, _ in marked_methods(View)] == ["first"]
    gone = ref(View)
    del View
    gc.collect()

    assert gone() is None
