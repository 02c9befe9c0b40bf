"""The form for editing many objects at once: only fields whose checkbox is checked are changed."""

from collections.abc import Mapping, Sequence

from starlette.datastructures import FormData
from wtforms import BooleanField, Field, Form, SelectField

from dovetail.contrib.admin.list_editing.edited_row import fingerprints
from dovetail.translation.texts import gettext

CHOSEN = "change"  # the checkboxes, whose values are the names of fields


def with_boxes(form_class: type[Form]) -> type[Form]:
    """Return a form whose fields are changed only if their checkboxes are checked."""

    nothing = dict.fromkeys(form_class().data)  # instead of defaults, which are for new objects

    class BulkForm(form_class):  # type: ignore[valid-type, misc]  # it is a class
        def __init__(self, sent: FormData | None = None, **kwargs: object) -> None:
            super().__init__(sent, **{"data": nothing} | kwargs)
            self.chosen = frozenset(map(str, sent.getlist(CHOSEN))) if sent is not None else frozenset()
            for field in self:
                if field.short_name not in self.chosen:
                    field.validators, field.process_errors = (), ()
                    vars(field)["allow_blank"] = True

        @property
        def data(self) -> Mapping[str, object]:
            """Return the values to write, by field."""
            return {field.short_name: field.data for field in self if field.short_name in self.chosen}

        def validate(self, extra_validators: Mapping[str, Sequence[object]] | None = None) -> bool:
            """Return whether a field is checked, all checked ones are valid, and no other field was filled in."""
            good = super().validate(extra_validators)
            if not self.data:
                self.form_errors.append(gettext("Choose at least one field to change."))
            empty = {field.short_name: field for field in form_class(data=nothing)}
            beside = [field for field in self if field.short_name not in self.chosen]
            forgotten = [field for field in beside if _was_written(field, empty[field.short_name])]
            for field in forgotten:
                field.errors = [*field.errors, gettext("Tick “change” to write this, or leave it empty.")]
            return bool(good and self.data and not forgotten)

    return BulkForm


def _was_written(field: Field, empty: Field) -> bool:
    """Return whether the user changed a field: browsers submit the initial value otherwise."""
    sent = [value for value in field.raw_data or () if value]
    if isinstance(field, BooleanField):
        return bool(sent) != bool(empty.data)
    if isinstance(field, SelectField):  # it has an empty choice until its box is checked
        return field.data is not None
    return bool(sent) and fingerprints([field]) != fingerprints([empty])
