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
    """Rows with what was sent of them; `InlineFormSet` saves them, too."""

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
        self.empty_row: RowForm | None = None  # what the browser makes more rows of; None if none can be added
        self.errors: list[str] = []  # of the rows together
        self.stored_count = 0  # how many rows there are, as far as the user may know of them
        self.new_objects: list[object] = []
        self.changed_objects: list[object] = []
        self.is_prepared = False  # whether objects have been made of what was sent
        self.deleted_objects: list[object] = []

    @property
    def session(self) -> AsyncSession:
        """Return the request's one session."""
        return request_context().session

    @property
    def part(self) -> str:
        """Return how the names of its fields begin, without the number of a row that it is within."""
        return "-".join(self.prefix.split("-")[::2])

    @property
    def layout(self) -> Layout:
        """Return the groups of fields of a row."""
        return self.inline.form_layout(self.request, self.instance)

    @property
    def columns(self) -> list[str]:
        """Return the names of what each row shows: the place that it holds comes first."""
        names = names_in(self.layout)
        placed = set(names)
        shown = (row for row in (self.empty_row, *self.rows) if row is not None)
        more = {one.short_name: None for row in shown for one in row.form if one not in row.hidden_fields}
        place = self.inline.ordering_field
        return sorted([*names, *(name for name in more if name not in placed)], key=lambda name: name != place)

    @property
    def is_sent(self) -> bool:
        """Return whether the form that was sent had this part at all."""
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
        """Return the rows that are to be added: those that were filled in."""
        return [row for row in self.rows if row.obj is None and not row.is_marked and self._is_filled(row)]

    @property
    def kept_rows(self) -> list[RowForm]:
        """Return the rows of the form that there are once it is saved."""
        marked = self.marked_rows
        return [*(row for row in self.stored_rows if row not in marked), *self.new_rows]

    @property
    def has_more(self) -> bool:
        """Return whether there are rows that the form does not show."""
        return self.stored_count > len(self.stored_rows)

    @property
    def has_errors(self) -> bool:
        """Return whether something is wrong with the rows."""
        return (
            bool(self.errors)
            or any(row.has_errors for row in self.rows)
            or any(one.has_errors for one in self.all_parts())
        )

    @property
    def is_stale(self) -> bool:
        """Return whether somebody else changed or deleted rows that were changed here."""
        return any(row.is_outdated for row in self.rows)

    def requires(self, name: str) -> bool:
        """Return whether each row needs something in a field."""
        field = next((row.fields[name] for row in (self.empty_row, *self.rows) if row and name in row.fields), None)
        return field is not None and (bool(field.flags.required) or getattr(field, "allow_blank", True) is False)

    def sources_of(self, row: RowForm) -> Mapping[str, Sequence[str]]:
        """Return the fields of a new row that are written as others of it are typed, and those others."""
        given = self.inline.get_prepopulated_fields(self.request, self.instance) if row.obj is None else {}
        return {name: [f"{row.prefix}-{source}" for source in sources] for name, sources in given.items()}

    def all_parts(self) -> list[Self]:
        """Return the inlines of all rows that there are once the form is saved."""
        return [part for row in self.kept_rows for part in self.parts.get(row.prefix, ())]

    def clean(self) -> None:
        """Check the rows together. Raise ValidationError of WTForms to refuse them."""

    def is_valid(self) -> bool:
        """Return whether the rows can be saved; say beside what is wrong that it is."""
        if not self.is_sent and self.instance is not None:
            return True  # what a form does not name stays as it is
        good = not [row for row in (*self.changed_rows, *self.new_rows) if not row.form.validate()]
        self._check_count()
        try:
            self.clean()
        except ValidationError as error:
            self.errors.append(str(error))
        return good and not self.errors

    def _is_filled(self, row: RowForm) -> bool:
        # The place of a row is given by the browser, to empty ones too.
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
