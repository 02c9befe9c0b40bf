"""The form of one row of an inline, as it is shown and as it was submitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData
from wtforms import Field, Form

from dovetail.contrib.admin.changes import version
from dovetail.contrib.admin.inlines.shown_fields import ReadonlyField
from dovetail.contrib.admin.sqladmin_private import by_attribute
from dovetail.translation.texts import gettext_lazy

GONE = gettext_lazy(
    "Somebody else deleted this while you were editing. Saving again adds it anew; remove it if it is to stay deleted."
)
STALE = gettext_lazy(
    "Somebody else changed this while you were editing. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)


@dataclass(kw_only=True)
class RowForm:
    """One row: stored (`obj`), or new."""

    model: type[object]
    prefix: str
    form: Form
    initial: Mapping[str, object] = field(default_factory=dict)  # what the form began with, or shows of what is stored
    obj: object | None = None
    key: str = ""  # the identifier of a row that is stored
    version: str = ""  # the fingerprint of what the form shows of it as it is stored now
    title: str = ""
    link: str | None = None  # the address of its own page
    readonly: Mapping[str, ReadonlyField] = field(default_factory=dict)
    can_change: bool = True
    can_delete: bool = False
    unseen: Sequence[str] = ()  # relations that lead to what the user may not see
    sent: FormData | None = None  # that part of what was sent that counts
    sent_version: str = ""
    is_required: bool = False  # one of the rows that there have to be: it counts though it is as it was shown
    is_marked: bool = False  # to be deleted
    is_outdated: bool = False  # others changed or deleted what was changed here
    problems: list[str] = field(default_factory=list)
    made: object | None = None  # what a new row became
    _changes: dict[str, object] | None = None

    @property
    def fields(self) -> dict[str, Field]:
        """Return the fields by the names of what they edit."""
        return {one.short_name: one for one in self.form}

    @property
    def shown_fields(self) -> dict[str, Field]:
        """Return the fields that are seen, by the names of what they edit."""
        return {name: one for name, one in self.fields.items() if not _is_hidden(one)}

    @property
    def hidden_fields(self) -> list[Field]:
        """Return the fields that nobody sees."""
        return [one for one in self.form if _is_hidden(one)]

    @property
    def has_errors(self) -> bool:
        """Return whether something is wrong with the row."""
        return bool(self.problems or self.form.form_errors) or any(one.errors for one in self.form)

    def changes(self) -> dict[str, object]:
        """Return what was sent and differs from what the form began with, by attribute."""
        if self._changes is None:
            begun = by_attribute(self.initial, self.model)
            self._changes = {name: one for name, one in self._values().items() if not _is_same(one, begun.get(name))}
        return self._changes

    def is_given(self, but: str | None) -> bool:
        """Return whether a new row was filled in, in more than what it holds under the name `but`."""
        if self.is_outdated or all(map(_is_nothing, self._values().values())):
            return self.is_outdated
        return self.is_required or bool(set(self.changes()) - {but})

    def values(self) -> dict[str, object]:
        """Return what a new row is to hold, by attribute: what the form began with, and what was sent."""
        begun = {name: value for name, value in self.initial.items() if name in self.fields}
        return {**by_attribute(begun, self.model), **self._values()}

    def is_untouched(self) -> bool:
        """Return whether a stored row was sent as it was shown, whatever others made of it since."""
        data = self.form.data
        return row_version({name: data.get(name, value) for name, value in self.initial.items()}) == self.sent_version

    def begin_again(self, form: Form) -> None:
        """Show the row as it is stored, since nothing of it was changed here."""
        self.form, self.sent, self._changes = form, None, None

    def add_error(self, name: str, detail: str) -> None:
        """Say beside a field, or of the whole row, what is wrong."""
        found = self.fields.get(name)
        if found is None:
            self.problems.append(detail)
        else:
            found.errors = [*found.errors, detail]

    def _values(self) -> dict[str, object]:
        sent = {name: value for name, value in self.form.data.items() if self._is_sent(name)}
        return by_attribute({name: one for name, one in sent.items() if one or name not in self.unseen}, self.model)

    def _is_sent(self, name: str) -> bool:
        return self.sent is not None and f"{self.prefix}-{name}" in self.sent


def row_version(values: Mapping[str, object]) -> str:
    """Return a fingerprint of what the form of a row shows; to a form, nothing and an empty text are one."""
    return version({name: None if _is_nothing(value) else value for name, value in values.items()})


def _is_hidden(field: Field) -> bool:
    return getattr(field.widget, "input_type", "") == "hidden"


def _is_same(value: object, other: object) -> bool:
    return row_version({"": value}) == row_version({"": other})


def _is_nothing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, list | set | tuple) and not value)
