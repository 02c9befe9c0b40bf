"""An inline that would fail, or leave something out, is refused at the start in one line that says what to do."""

from collections.abc import Mapping
from typing import Any

import pytest

from dovetail.contrib.admin.checks.forms.inline_checks import find_unlinked
from dovetail.contrib.admin.checks.view_checks import find_problems
from dovetail.contrib.admin.views import GenericTabularInline, ModelAdmin, TabularInline
from tests.contrib.admin.festival.admin import MemoInline, SlotInline, StageInline
from tests.contrib.admin.festival.models import Band, Booking, Festival, License, Memo, Shuttle, Slot, Stage
from tests.contrib.admin.polls.models import Choice

SEATS: Mapping[str, object] = {"fields": ("seats",), "fk_name": "start_id"}
NAMES: Mapping[str, object] = {"fields": ("name",)}
BAND: Mapping[str, object] = {"fields": ("band",), "autocomplete_fields": {"band": {"fields": ("name",)}}}


def made(model: type[object] | None, options: Mapping[str, object], base: Any = TabularInline) -> Any:
    """Return a class of an inline with these options."""
    return type(base)("OddInline", (base,), dict(options), **({} if model is None else {"model": model}))


def on(inlines: object, model: type[object] = Festival) -> Any:
    """Return a class of a view with these inlines."""
    options = {"list_display": ("name",), "fields": ("name",), "inlines": inlines}
    return type(ModelAdmin)("OddAdmin", (ModelAdmin,), options, model=model)


REFUSED = [
    ("inlines is 'StageInline', expected a tuple", "StageInline"),
    ("inlines holds <class 'object'>, expected a class derived from TabularInline", (object,)),
    ("OddInline without a model", (made(None, {}),)),
    ("two classes called StageInline", (StageInline, StageInline)),
    ("Choice has no foreign key to Festival", (made(Choice, {"fields": ("choice_text",)}),)),
    ("refers to Festival by several foreign keys; say which by fk_name: ", (made(Shuttle, {"fields": ("seats",)}),)),
    ("fk_name is 'end_id', which is no foreign key", (made(Shuttle, {**SEATS, "fk_name": "end_id"}),)),
    ("extras is no option of an inline; did you mean 'extra'?", (made(Stage, {**NAMES, "extras": 3}),)),
    ("list_display is no option of an inline", (made(Stage, {**NAMES, "list_display": ("name",)}),)),
    ("extra is '3', expected a whole number from 0", (made(Stage, {**NAMES, "extra": "3"}),)),
    ("min_num is 3 and max_num 2, so no number of rows", (made(Stage, {**NAMES, "min_num": 3, "max_num": 2}),)),
    ("classes is 'collapse', expected ('collapse',)", (made(Stage, {**NAMES, "classes": "collapse"}),)),
    (
        "fieldsets['Name'] is a tab, which a form may have and no row of it; drop 'tab'",
        (made(Stage, {"fieldsets": (("Name", {**NAMES, "classes": ("tab",)}),)}),),
    ),
    ("formset is <class 'object'>, expected", (made(Stage, {**NAMES, "formset": object}),)),
    ("fields is empty; name the columns of a row", (made(Stage, {}),)),
    ("names 'nam', which Stage does not have", (made(Stage, {"fields": ("nam",)}),)),
    ("a new row needs 'name', which the form does not have", (made(Stage, {"fields": ("place",)}),)),
    ("names 'festival_id'", (made(Stage, {"fields": ("festival_id", "name")}),)),
    ("without an autocomplete", (made(Booking, {"fields": ("band",)}),)),
    ("ordering_field is 'name', which is no column of whole", (made(Stage, {**NAMES, "ordering_field": "name"}),)),
    ("ordering_field is 'rank', which is no column of whole", (made(Stage, {**NAMES, "ordering_field": "rank"}),)),
    (
        "drop ordering",
        (made(Stage, {**NAMES, "ordering_field": "place", "ordering": ("name",)}),),
    ),
    ("Stage has no columns 'content_type' and 'object_id'", (made(Stage, NAMES, GenericTabularInline),)),
    (
        "SlotInline: Slot has no foreign key to License",
        (made(License, {"fields": ("number",), "inlines": (SlotInline,)}),),
    ),
    (
        "one level deep",
        (made(Stage, {**NAMES, "inlines": (made(Slot, {"fields": ("hour",), "inlines": (SlotInline,)}),)}),),
    ),
]


@pytest.mark.parametrize(("words", "inlines"), REFUSED, ids=[words for words, _ in REFUSED])
def test_what_would_not_work_is_refused_in_one_line(words, inlines):
    problems = find_problems(on(inlines))
    assert words in "\n".join(problems)
    assert all("\n" not in problem and problem.startswith("OddAdmin: ") for problem in problems)


@pytest.mark.parametrize(
    "inlines",
    [
        (StageInline, MemoInline),
        (made(Shuttle, SEATS),),
        (made(Shuttle, {"fields": ("seats",), "fk_name": "goal_id", "max_num": 0}),),
        (made(Booking, BAND),),
        (made(Stage, {"exclude": ("place",), "classes": ("collapse",), "verbose_name": "Scene"}),),
        (made(Memo, {"fields": ("text",), "ct_value": "a"}, GenericTabularInline),),
    ],
)
def test_nothing_that_works_is_refused(inlines):
    assert find_problems(on(inlines)) == []


def test_what_the_form_does_not_say_may_be_set_as_it_is_saved():
    view = on((made(Stage, {"fields": ("place",)}),))
    view.save_formset = lambda *_arguments, **_options: None
    assert find_problems(view) == []


def test_a_link_to_a_page_takes_a_view_of_the_rows():
    linked = on((made(Stage, {**NAMES, "show_change_link": True}),))
    assert list(find_unlinked([linked, on((), Band)])) == [
        "OddAdmin: OddInline: show_change_link is on, and Stage has no view; write one, or switch it off"
    ]
    assert list(find_unlinked([linked, on((), Stage)])) == []
