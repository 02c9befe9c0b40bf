"""One edited row of a list: its submitted values, changes by others since, and errors.

The form contains the state of each cell when it was rendered, as a fingerprint, which shows the cells that were
edited, and the rows that other users changed meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from starlette.datastructures import FormData
from wtforms import Field, Form

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.forms.admin_form import KEPT

NONE = "(nothing)"
FINGERPRINT = 12  # characters of a SHA-256 hash


@dataclass(kw_only=True)
class EditedRow:
    """The form of a row; `form` has a field for each cell that the user may edit."""

    number: int  # the number of the row on the page
    pk: str
    form: Form
    shown: Mapping[str, str]  # fingerprints of the stored values of the cells
    obj: object | None = None
    touched: frozenset[str] = frozenset()  # the edited cells
    changed_since: frozenset[str] = frozenset()  # those of them that another user has changed meanwhile
    errors: list[str] = field(default_factory=list)  # errors of the whole row

    @property
    def version(self) -> str:
        """Return the fingerprints of the cells as one text, for a hidden input."""
        return ",".join(f"{name}:{mark}" for name, mark in self.shown.items())

    @property
    def prefix(self) -> str:
        """Return the prefix of the names of the row's inputs."""
        return prefix_of(self.number)

    @property
    def is_good(self) -> bool:
        """True if the edited cells are valid."""
        return not self.errors and not self.changed_since and not any(one.errors for one in self.form)

    def cell(self, name: str) -> Field | None:
        """Return the field of a column; None if the user may not edit it in this row."""
        return next((one for one in self.form if one.short_name == name), None)

    def data(self) -> dict[str, object]:
        """Return the edited values, by field."""
        return {one.short_name: one.data for one in self.form if one.short_name in self.touched}

    def mark(self, name: str, error: str) -> bool:
        """Add an error to a cell, and return whether the row has that cell."""
        found = self.cell(name)
        if found is not None:
            found.errors = [*found.errors, error]
        return found is not None


def new_row(form_class: type[Form], number: int, pk: str, obj: object, data: Mapping[str, object]) -> EditedRow:
    """Return the form of a row with its stored values."""
    form = form_class(data=data, prefix=prefix_of(number))
    return EditedRow(number=number, pk=pk, form=form, shown=fingerprints(form), obj=obj)


def typed_cells(form_class: type[Form], number: int, sent: FormData) -> frozenset[str]:
    """Return the names of the edited cells of a row, from the submitted form only."""
    prefix = prefix_of(number)
    form = form_class(sent, prefix=prefix)
    known, now = version_in(sent, number), fingerprints(form)
    sent_cells = [one.short_name for one in form if one.name in sent]
    return frozenset(name for name in sent_cells if known.get(name) != now[name])


def typed_row(stored: EditedRow, form_class: type[Form], sent: FormData, data: Mapping[str, object]) -> EditedRow:
    """Return the form of a row with the edited values; other cells have the stored ones."""
    form = form_class(sent, data=data, prefix=stored.prefix)
    known, typed = version_in(sent, stored.number), fingerprints(form)
    touched = {
        one.short_name
        for one in form
        if one.name in sent and typed[one.short_name] not in {known.get(one.short_name), stored.shown[one.short_name]}
    }
    for one in form:
        if one.short_name not in touched:
            one.data, one.raw_data, one.process_errors, one.validators = one.object_data, None, (), ()
    moved = {name for name, mark in stored.shown.items() if known.get(name) != mark} if touched else set()
    return EditedRow(
        number=stored.number,
        pk=stored.pk,
        form=form,
        shown=stored.shown,
        obj=stored.obj,
        touched=frozenset(touched),
        changed_since=frozenset(moved),
    )


def prefix_of(number: int) -> str:
    """Return what the names of a row's inputs begin with."""
    return f"row-{number}-"


def version_in(sent: FormData, number: int) -> dict[str, str]:
    """Return the fingerprints of a row's cells when they were rendered."""
    text = sent.get(f"{prefix_of(number)}version")
    pairs = (part.partition(":") for part in text.split(",")) if isinstance(text, str) else ()
    return {name: mark for name, _, mark in pairs}


def fingerprints(form: Iterable[Field]) -> dict[str, str]:
    """Return a fingerprint of the value of each field."""
    return {one.short_name: _mark_of(_state(one)) for one in form}


def edited_texts(form: Iterable[Field], names: frozenset[str]) -> Iterator[str]:
    """Yield the edited values as texts, to show them to the user again."""
    yield from (f"{one.label.text}: {_state(one) or NONE}" for one in form if one.short_name in names)


def _mark_of(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:FINGERPRINT]


def _state(one: Field) -> str:
    if hasattr(one, "_value") and not isinstance(one, KEPT):
        return str(one._value()).replace("\r\n", "\n")  # noqa: SLF001 - WTForms itself reads it there
    return _text(one.data)


def _text(value: object) -> str:
    if isinstance(value, list | set | tuple):
        return ",".join(sorted(map(_text, value)))
    if value is None or value == "":
        return ""
    return identifier_of(value) if hasattr(value, "__mapper__") else str(value)
