"""Show fields of a form only if another field has certain values (`conditional_fields`)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from starlette.datastructures import FormData
from wtforms import Form

from dovetail.contrib.admin.columns.texts import as_text, typed_moment
from dovetail.translation import formats

Conditions = Mapping[str, tuple[str, Sequence[object]]]


def mark_conditions(conditions: Conditions, form: Form) -> None:
    """Set the conditions of fields as attributes for the script of the page."""
    for name, (other, values) in conditions.items():
        if name in form and other in form:
            shown_when = {"name": form[other].name, "values": [text_of(value) for value in values]}
            vars(form[name])["shown_when"] = shown_when


def without_unmet(conditions: Conditions, form: Form, sent: FormData) -> FormData:
    """Return the submitted data without fields whose condition is not met, which are then not required either.

    A condition on a field that the form lacks is ignored.
    """
    unmet = [
        name
        for name, (other, values) in conditions.items()
        if name in form and other in form and text_of(form[other].data) not in set(map(text_of, values))
    ]
    for name in unmet:
        vars(form[name]).update(validators=(), process_errors=(), allow_blank=True)
    return FormData([(name, value) for name, value in sent.multi_items() if name not in unmet])


def text_of(value: object) -> str:
    """Return a value as forms submit it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return formats.decimal(as_text(value))
    if isinstance(value, date):
        return typed_moment(value) if isinstance(value, datetime) else formats.typed_day(value)
    return "" if value is None else as_text(value)
