"""The formset of an inline: the rows of one object in its form, their validation, and the changes to save."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from wtforms import Form, ValidationError

from dovetail.contrib.admin.forms.layout import Layout, names_in
from dovetail.contrib.admin.inlines.options import InlineBase
from dovetail.contrib.admin.inlines.row_form import RowForm
from dovetail.contrib.admin.inlines.sent import Sent
from dovetail.contrib.admin.request_context import request_context
from dovetail.translation.texts import gettext, in_sentence


class FormSetBase:
    """The rows of a formset with the submitted data; `InlineFormSet` adds saving."""

    inline: ClassVar[InlineBase]
    form: ClassVar[type[Form]]
    extra: ClassVar[int] = 0
    min_num: ClassVar[int | None] = None
    max_num: ClassVar[int | None] = None

    def __init__(
        self,
        *,
        request: Request,
        instance: object | None,
        prefix: str,
        data: Sent | None = None,
        save_as_new: bool = False,
        initial: Sequence[Mapping[str, object]] = (),
    ) -> None:
        self.request, self.instance, self.prefix = request, instance, prefix
        self.data, self.save_as_new, self.initial = data, save_as_new, initial
        self.rows: list[RowForm] = []
        self.parts: dict[str, list[Self]] = {}  # the inlines of rows, by the prefix of the row
        self.empty_row: RowForm | None = None  # the template for rows that the browser adds; None if none can be added
        self.errors: list[str] = []  # errors that concern several rows
        self.stored_count = 0  # the number of stored rows that the user may see
        self.new_objects: list[object] = []
        self.changed_objects: list[object] = []
        self.is_prepared = False  # whether objects were created from the submitted data
        self.deleted_objects: list[object] = []

    @property
    def session(self) -> AsyncSession:
        """Return the session of the request."""
        return request_context().session

    @property
    def part(self) -> str:
        """Return the prefix of its field names without the numbers of the rows that contain it."""
        return "-".join(self.prefix.split("-")[::2])

    @property
    def layout(self) -> Layout:
        """Return the groups of fields of a row."""
        return self.inline.form_layout(self.request, self.instance)

    @property
    def columns(self) -> list[str]:
        """Return the names of the fields of a row, `ordering_field` first."""
        names = names_in(self.layout)
        placed = set(names)
        shown = (row for row in (self.empty_row, *self.rows) if row is not None)
        more = {one.short_name: None for row in shown for one in row.form if one not in row.hidden_fields}
        place = self.inline.ordering_field
        return sorted([*names, *(name for name in more if name not in placed)], key=lambda name: name != place)

    @property
    def is_sent(self) -> bool:
        """Return whether the submitted form contained this formset."""
        return self.data is not None and self.data.has(self.prefix)

    @property
    def stored_rows(self) -> list[RowForm]:
        """Return the rows that are stored."""
        return [row for row in self.rows if row.obj is not None]

    @property
    def marked_rows(self) -> list[RowForm]:
        """Return the rows that are to be deleted."""
        return [row for row in self.stored_rows if row.is_marked and row.can_delete]

    @property
    def changed_rows(self) -> list[RowForm]:
        """Return the stored rows that are to be changed."""
        marked = self.marked_rows
        return [row for row in self.stored_rows if row.can_change and row not in marked and row.changes()]

    @property
    def new_rows(self) -> list[RowForm]:
        """Return the new rows that were filled in, and are to be added."""
        return [row for row in self.rows if row.obj is None and not row.is_marked and self._is_filled(row)]

    @property
    def kept_rows(self) -> list[RowForm]:
        """Return the rows that remain after saving: those not marked for deletion, and the new ones."""
        marked = self.marked_rows
        return [*(row for row in self.stored_rows if row not in marked), *self.new_rows]

    @property
    def has_more(self) -> bool:
        """Return whether there are rows that the form does not show."""
        return self.stored_count > len(self.stored_rows)

    @property
    def has_errors(self) -> bool:
        """Return whether the formset, a row or a nested formset has errors."""
        return (
            bool(self.errors)
            or any(row.has_errors for row in self.rows)
            or any(one.has_errors for one in self.all_parts())
        )

    @property
    def is_stale(self) -> bool:
        """Return whether another user changed or deleted a row that was changed in this form."""
        return any(row.is_outdated for row in self.rows)

    def requires(self, name: str) -> bool:
        """Return whether a field of the rows is required."""
        field = next((row.fields[name] for row in (self.empty_row, *self.rows) if row and name in row.fields), None)
        return field is not None and (bool(field.flags.required) or getattr(field, "allow_blank", True) is False)

    def sources_of(self, row: RowForm) -> Mapping[str, Sequence[str]]:
        """Return the prepopulated fields of a new row, each with the names of the fields that it is derived from."""
        given = self.inline.get_prepopulated_fields(self.request, self.instance) if row.obj is None else {}
        return {name: [f"{row.prefix}-{source}" for source in sources] for name, sources in given.items()}

    def all_parts(self) -> list[Self]:
        """Return the nested formsets of all rows that remain after saving."""
        return [part for row in self.kept_rows for part in self.parts.get(row.prefix, ())]

    def clean(self) -> None:
        """Check the rows together. Raise ValidationError of WTForms to refuse them."""

    def is_valid(self) -> bool:
        """Return whether the rows can be saved; add error messages to fields, rows and the formset."""
        if not self.is_sent and self.instance is not None:
            return True  # rows that a form does not contain are not changed
        good = not [row for row in (*self.changed_rows, *self.new_rows) if not row.form.validate()]
        self._check_count()
        try:
            self.clean()
        except ValidationError as error:
            self.errors.append(str(error))
        return good and not self.errors

    def _is_filled(self, row: RowForm) -> bool:
        # The browser fills in `ordering_field`, also in empty rows.
        given = row.is_given(but=self.inline.ordering_field)
        return given or any(part.new_rows for part in self.parts.get(row.prefix, ()))

    def _check_count(self) -> None:
        count = self.stored_count - len(self.marked_rows) + len(self.new_rows)
        what = (self.inline.singular, self.inline.plural)
        if self.min_num is not None and count < self.min_num:
            self.errors.append(
                gettext("%(what)s or more are needed, and there would be %(count)s.")
                % {"what": _words(self.min_num, what), "count": count}
            )
        if self.max_num is not None and count > max(self.max_num, self.stored_count):
            self.errors.append(
                gettext("%(what)s at most may be there, and there would be %(count)s.")
                % {"what": _words(self.max_num, what), "count": count}
            )


def _words(number: int, what: tuple[str, str]) -> str:
    return f"{number} {in_sentence(what[0 if number == 1 else 1])}"
