"""A view speaks Django's names: older ones are translated for one release, and what nothing asks for is refused."""

import re
from typing import Any

import pytest

from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.options.names import INSTEAD, RENAMED
from dovetail.contrib.admin.options.options import Options
from dovetail.contrib.admin.views import ModelAdmin
from plugins.blog.models import Post

PLAIN = {"list_display": ("title",), "fields": ("title",)}


def made(**attributes: Any) -> Any:
    return type(ModelAdmin)("SomeAdmin", (ModelAdmin,), PLAIN | attributes, model=Post)


@pytest.mark.parametrize("old", RENAMED)
def test_an_option_is_known_by_its_old_name_for_one_release_and_says_the_new_one(old):
    new, value = RENAMED[old], object()
    rest = {name: given for name, given in PLAIN.items() if name != new}
    given = ("created_at", True) if new == "ordering" else value
    with pytest.warns(DeprecationWarning, match=f"SomeAdmin: {old} is called {new} now"):
        view = type(ModelAdmin)("SomeAdmin", (ModelAdmin,), rest | {old: given}, model=Post)
    assert getattr(view, new) == (("-created_at",) if new == "ordering" else value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title", ("title",)),
        (Post.title, ("title",)),
        (("title", False), ("title",)),
        ([("created_at", True), "title", Post.id], ("-created_at", "title", "id")),
        ([], ()),
    ],
)
def test_an_old_order_is_written_as_django_does(old, new):
    with pytest.warns(DeprecationWarning, match="column_default_sort is called ordering now"):
        assert made(column_default_sort=old).ordering == new


def test_an_option_with_both_names_is_refused():
    with pytest.raises(TypeError, match=re.escape("SomeAdmin has both column_list and list_display")):
        made(column_list=("title",))


def test_an_old_name_in_a_class_that_is_no_view_is_refused():
    class Mixin:
        column_labels = {"title": "Headline"}  # noqa: RUF012 - as an author might write it

    view = type(ModelAdmin)("SomeAdmin", (Mixin, ModelAdmin), PLAIN, model=Post)
    assert find_problems(view) == ["SomeAdmin: column_labels is what SQLAdmin calls it; write labels"]


@pytest.mark.parametrize("name", INSTEAD)
def test_what_nothing_asks_for_is_refused_with_what_to_write(name):
    assert find_problems(made(**{name: ("title",)})) == [f"SomeAdmin: {name} is no option here; write {INSTEAD[name]}"]


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("list_dispaly", ("title",), "'list_display'"),
        ("listfilter", ("title",), "'list_filter'"),
        ("seach_fields", ("title",), "'search_fields'"),
        ("create_objekt", lambda self, request, data: None, "'create_object'"),
    ],
)
def test_a_misspelt_option_or_hook_is_refused_with_the_nearest_name(name, value, near):
    (problem,) = find_problems(made(**{name: value}))
    assert problem.startswith(f"SomeAdmin: {name} is no option of a view")
    assert f"did you mean {near}" in problem


def test_what_is_the_authors_own_is_not_refused():
    own = {"_page": 3, "COLOURS": {"a": "b"}, "count_words": lambda self: 3, "summary": property(lambda self: "")}
    assert find_problems(made(**own)) == []


def test_every_option_says_of_what_type_it_is():
    names = {name for name in vars(Options) if not name.startswith("_")}
    assert names == set(Options.__annotations__)
    assert set(RENAMED.values()) <= names
