"""Views that would show or change more than their author wrote down are refused at the start."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqladmin import BaseView, ModelView, expose
from sqladmin import action as sqladmin_action

from dovetail.application import make_application
from dovetail.contrib.admin.checks.site_checks import identify
from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.mounting.views import load_views
from dovetail.contrib.admin.settings import AdminSettings
from dovetail.contrib.admin.site import mount
from dovetail.contrib.admin.sites.admin_site import AdminSite
from dovetail.contrib.admin.views import ModelAdmin, action
from dovetail.contrib.auth.models import User
from dovetail.errors import ConfigurationError
from dovetail.plugin import Context, Plugin, lazy
from plugins.blog.models import Post


def problems_with(**options: Any) -> list[str]:
    attributes = {"list_display": ("title",), "fields": ("title",)} | options
    given = {name: value for name, value in attributes.items() if value is not None}
    return find_problems(type(ModelAdmin)("SomeAdmin", (ModelAdmin,), given, model=Post))


def test_a_view_that_names_its_columns_is_fine():
    assert problems_with() == []


@pytest.mark.parametrize(
    ("of_all", "of_one"),
    [
        ({"searches_texts": True}, {}),
        ({"search_help_text": "Names"}, {"search_fields": ()}),
        ({"save_as": True}, {"can_create": False}),
        ({"save_on_top": True}, {"can_create": False, "can_edit": False}),
        ({"save_as_continue": False}, {"save_as": False}),
    ],
)
def test_an_option_of_several_views_may_be_void_in_one_of_them_and_no_view_says_what_is_void_itself(of_all, of_one):
    base = type(ModelAdmin)("OfAllAdmin", (ModelAdmin,), dict(of_all))
    attributes = {"list_display": ("title",), "fields": ("title",)}
    assert find_problems(type(ModelAdmin)("OneAdmin", (base,), attributes | of_one, model=Post)) == []
    (problem,) = problems_with(**of_all, **of_one)
    said = problem.partition(": ")[2]
    assert said.startswith(f"{next(iter(of_all))} is set, but ")
    both = type(ModelAdmin)("OfAllAdmin", (ModelAdmin,), {"search_fields": (), **of_all, **of_one})
    assert find_problems(type(ModelAdmin)("OneAdmin", (both,), attributes, model=Post)) == [f"OneAdmin: {said}"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"list_display": ()}, "list_display is empty"),
        ({"list_display": "__all__"}, 'list_display is "__all__"'),
        ({"fields": ()}, "fields is empty"),
        ({"fields": "__all__"}, 'fields is "__all__"'),
        ({"details_display": "__all__"}, 'details_display is "__all__"'),
        (
            {"list_display": None, "column_exclude_list": ("id",)},
            "column_exclude_list is no option here; write list_display, which names what to show",
        ),
        ({"fields": None, "form_excluded_columns": ("id",)}, "form_excluded_columns"),
        ({"list_display": ("titel",)}, "list_display names 'titel', which Post does not have; did you mean 'title'?"),
        ({"list_display": ("author.usernam",)}, "which Post does not have; did you mean 'author.username'?"),
        ({"ordering": ("-titel",)}, "did you mean 'title'?"),
        ({"list_display": ("author.hashed_password",)}, "names 'author.hashed_password', which is never shown"),
        ({"search_fields": ("author.hashed_password",)}, "never shown"),
        ({"fields": ("author",)}, "the form edits 'author' without an autocomplete, which would load every User"),
        ({"can_import": True, "can_create": False, "can_edit": False}, "can_import is on"),
        ({"search_fields": ("content",)}, "names 'content', a text of any length, which every search would"),
    ],
)
def test_an_open_view_is_refused(options, words):
    assert words in "\n".join(problems_with(**options))


def test_the_sites_of_a_process_look_once_at_a_view_without_fault_and_each_time_at_one_that_has_some():
    class SomeAdmin(ModelAdmin, model=Post):
        list_display = fields = ("titel",)

    for _ in range(2):
        assert "which Post does not have" in find_problems(identify("blog", SomeAdmin))[0]
    SomeAdmin.list_display = SomeAdmin.fields = ("title",)
    assert find_problems(identify("blog", SomeAdmin)) == []
    SomeAdmin.list_display = ("titel",)  # which no author does while a site runs
    assert find_problems(identify("blog", SomeAdmin)) == []
    assert find_problems(type(ModelAdmin)("OtherAdmin", (SomeAdmin,), {}, model=Post)) != []


def test_a_view_may_search_texts_of_any_length_where_its_author_says_so():
    assert problems_with(search_fields=("content",), searches_texts=True) == []


def test_a_view_without_forms_needs_no_form_columns():
    assert problems_with(fields=(), can_create=False, can_edit=False) == []


def test_an_action_that_works_on_get_is_refused():
    class SomeAdmin(ModelAdmin, model=Post):
        list_display = fields = ("title",)

        @sqladmin_action("publish")
        async def publish(self, request: Any) -> None: ...

    assert "the action 'publish' changes data on GET" in find_problems(SomeAdmin)[0]


def test_an_action_that_is_a_plain_function_is_refused():
    with pytest.raises(TypeError, match=re.escape("the action 'burn' is a plain function; write async def burn(...)")):

        @action("burn", "Burn")
        def burn(self: Any, request: Any, posts: Any) -> None: ...


class PlainAdmin(ModelView, model=User):
    """SQLAdmin's own base class shows every column, hashed_password too."""


class FirstReport(BaseView):
    name = "First"

    @expose("/report")
    async def show(self, request: Any) -> None: ...


class SecondReport(BaseView):
    name = "Second"

    @expose("/other-report")
    async def show(self, request: Any) -> None: ...


class ThirdReport(BaseView):
    name = "Third"

    @expose("/report", identity="third")
    async def show(self, request: Any) -> None: ...


class OneAdmin(ModelAdmin, model=Post):
    list_display = fields = ("title",)


class OtherAdmin(OneAdmin, model=Post):
    """Another view of the same model."""


class NamedAdmin(OneAdmin, model=Post):
    identity = "named"


class SpacedAdmin(OneAdmin, model=Post):
    identity = "two words"


class StaticsAdmin(OneAdmin, model=Post):
    identity = "statics/post"


class UntemplatedAdmin(OneAdmin, model=Post):
    change_list_template = "nope.html"


class ShadowedAdmin(OneAdmin, model=Post):
    @expose("/add/")
    async def another_list(self, request: Any) -> None: ...


def broken(settings, *views: str) -> Context:
    plugin = Plugin(name="shop", admin_views=lazy(*views))
    return Context(
        settings=settings,
        database=None,  # type: ignore[arg-type]  # no database is asked
        plugins=[plugin],
        plugin_settings={"admin": AdminSettings()},
        paths={"admin.office": "/admin"},
    )


def test_every_problem_is_told_at_once(make_settings):
    names = [f"{__name__}:{name}" for name in ("PlainAdmin", "FirstReport", "SecondReport", "ThirdReport")]
    with pytest.raises(ConfigurationError) as error:
        load_views(broken(make_settings(), *names))
    assert "plugin 'shop': PlainAdmin is a plain ModelView; derive it from" in error.value.detail
    first, second, third = (f"{which}Report of plugin 'shop'" for which in ("First", "Second", "Third"))
    assert f"the admin page 'show' is claimed by {first} and {second}; write @expose(" in error.value.detail
    assert f"the admin path '/report' is claimed by {first} and {third}; write @expose(" in error.value.detail


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (
            ("OneAdmin", "OtherAdmin"),
            (
                "the admin identity 'shop/post' is claimed by OneAdmin of plugin 'shop' "
                "and OtherAdmin of plugin 'shop'; "
                "write identity = 'shop/other' in one of them"
            ),
        ),
        (("NamedAdmin", "NamedAdmin"), "the admin identity 'shop/named' is claimed by NamedAdmin of plugin 'shop' and"),
        (
            ("SpacedAdmin",),
            "the admin identity 'shop/two words' is not of the form shop/order; write identity = 'shop/spaced'",
        ),
        (
            ("StaticsAdmin",),
            "the admin identity 'statics/post' begins with 'statics', where the site has pages of its own",
        ),
    ],
)
def test_an_identity_that_is_taken_or_no_word_is_refused(make_settings, names, words):
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        load_views(broken(make_settings(), *(f"{__name__}:{name}" for name in names)))


def test_a_view_is_called_by_plugin_and_model_or_as_its_class_says(make_settings):
    views = load_views(broken(make_settings(), f"{__name__}:OneAdmin", f"{__name__}:NamedAdmin"))
    assert [view.identity for view in views] == ["shop/post", "shop/named"]
    assert OneAdmin.identity == ""


def test_a_page_that_stands_where_another_is_is_refused(make_settings):
    context = broken(make_settings(), f"{__name__}:ShadowedAdmin")
    with pytest.raises(ConfigurationError, match=r"at /admin/shop/post/add/ has the URL of another page; give it"):
        mount(FastAPI(), context)


def test_a_template_that_is_not_there_is_refused(make_settings):
    context = broken(make_settings(), f"{__name__}:UntemplatedAdmin")
    with pytest.raises(ConfigurationError, match=r"change_list_template is 'nope\.html', which is no template"):
        mount(FastAPI(), context)


class ModellessAdmin(ModelAdmin):
    list_display = fields = ("title",)


def test_a_view_of_no_model_is_told_by_name_alone_if_a_plugin_brings_it_and_if_a_site_registers_it(make_settings):
    registering = AdminSite()
    registering.register(ModellessAdmin, plugin="shop")
    for names, site in (([f"{__name__}:ModellessAdmin"], AdminSite()), ([], registering)):
        with pytest.raises(ConfigurationError) as error:
            load_views(broken(make_settings(), *names), site)
        assert (
            error.value.detail
            == "plugin 'shop': ModellessAdmin names no model; write ModellessAdmin(ModelAdmin, model=...)"
        )


def test_views_that_cannot_be_imported_are_told(make_settings):
    with pytest.raises(ConfigurationError, match="plugin 'shop': its admin_views raised on import"):
        load_views(broken(make_settings(), "shop.admin:ItemAdmin"))


def test_the_back_office_does_not_start_without_auth(make_settings):
    settings = make_settings(plugins=("dovetail.contrib.admin",), database_url="sqlite://")
    with pytest.raises(ConfigurationError, match="plugin 'admin' depends on 'auth', which is not enabled"):
        make_application(settings)


def test_a_site_without_the_back_office_has_none(make_settings):
    plugins = ("dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog", "plugins.comments")
    app = make_application(make_settings(plugins=plugins, database_url="sqlite://"))
    assert not any(getattr(route, "path", "").startswith("/admin") for route in app.routes)
