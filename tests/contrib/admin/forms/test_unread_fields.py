"""What was typed into a field and could not be read is shown again, whatever an author's form is made of."""

import pytest
from starlette.datastructures import FormData
from wtforms import (
    DateField,
    DateTimeLocalField,
    DecimalField,
    Form,
    IntegerField,
    IntegerRangeField,
    MonthField,
    TimeField,
)

from dovetail.contrib.admin.forms.admin_form import as_admin_form


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (IntegerField, "12 pieces"),
        (DecimalField, "1,5"),
        (DateField, "31.12.2026"),
        (TimeField, "noon"),
        (DateTimeLocalField, "tomorrow"),
        (MonthField, "May"),
        (IntegerRangeField, "half"),
    ],
)
def test_a_field_of_an_authors_form_shows_what_was_typed_and_could_not_be_read(field, text):
    form_class = as_admin_form(type("OwnForm", (Form,), {"given": field("Given")}))
    form = form_class(FormData([("given", text)]))
    assert not form.validate()
    assert f'type="text" value="{text}"' in form["given"]()
    assert "data-becomes" not in form["given"]()


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (IntegerField, "number"),
        (DecimalField, "number"),
        (DateField, "date"),
        (TimeField, "time"),
        (DateTimeLocalField, "datetime-local"),
        (MonthField, "month"),
    ],
)
def test_a_field_of_which_a_browser_would_send_nothing_is_a_text_until_a_script_tells_of_that(field, kind):
    given = as_admin_form(type("OwnForm", (Form,), {"given": field("Given")}))()["given"]()
    assert 'type="text"' in given
    assert f'data-becomes="{kind}"' in given


def test_a_field_that_always_has_a_value_is_what_its_author_made_it():
    given = as_admin_form(type("OwnForm", (Form,), {"given": IntegerRangeField("Given")}))()["given"]()
    assert 'type="range"' in given
