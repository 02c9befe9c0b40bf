"""The form of one row of an inline, as it is rendered and as it was submitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData
from wtforms import Field, Form

from dovetail.contrib.admin.inlines.shown_fields import ReadonlyField
from dovetail.contrib.admin.signatures.fingerprints import Fingerprint, comparable, version
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
    initial: Mapping[str, object] = field(default_factory=dict)  # the initial values of the form, or the stored ones
    obj: object | None = None
    key: str = ""  # the identifier of a stored row
    version: Fingerprint | None = None  # the fingerprint of the stored values that the form shows
    title: str = ""
    link: str | None = None  # the URL of the row's page
    readonly: Mapping[str, ReadonlyField] = field(default_factory=dict)
    can_change: bool = True
    can_delete: bool = False
    unseen: Sequence[str] = ()  # relations to objects that the user may not view
    sent: FormData | None = None  # the part of the submitted data that applies
    sent_version: str = ""
    is_required: bool = False  # one of the `min_num` rows: it is saved even if it was not filled in
    is_marked: bool = False  # marked for deletion
    is_outdated: bool = False  # another user changed or deleted the row meanwhile
    problems: list[str] = field(default_factory=list)
    made: object | None = None  # the object created from a new row
    _changes: dict[str, object] | None = None

    @property
    def fields(self) -> dict[str, Field]:
        """Return the fields by the name of the attribute that they edit."""
        return {one.short_name: one for one in self.form}

    @property
    def shown_fields(self) -> dict[str, Field]:
        """Return the visible fields by the name of the attribute that they edit."""
        return {name: one for name, one in self.fields.items() if not _is_hidden(one)}

    @property
    def hidden_fields(self) -> list[Field]:
        """Return the fields with hidden inputs."""
        return [one for one in self.form if _is_hidden(one)]

    @property
    def has_errors(self) -> bool:
        """Return whether the row or a field has errors."""
        return bool(self.problems or self.form.form_errors) or any(one.errors for one in self.form)

    def changes(self) -> dict[str, object]:
        """Return the submitted values that differ from the initial ones, by attribute."""
        if self._changes is None:
            begun = by_attribute(self.initial, self.model)
            self._changes = {name: one for name, one in self._values().items() if not _is_same(one, begun.get(name))}
        return self._changes

    def is_given(self, but: str | None) -> bool:
        """Return whether a new row was filled in; the field `but` is not considered."""
        if self.is_outdated or all(map(_is_nothing, self._values().values())):
            return self.is_outdated
        return self.is_required or bool(set(self.changes()) - {but})

    def values(self) -> dict[str, object]:
        """Return the values of a new row by attribute: the initial ones, and the submitted ones."""
        begun = {name: value for name, value in self.initial.items() if name in self.fields}
        return {**by_attribute(begun, self.model), **self._values()}

    def is_untouched(self) -> bool:
        """Return whether a stored row was submitted unchanged, even if other users changed it meanwhile."""
        data = self.form.data
        now = {name: data.get(name, value) for name, value in self.initial.items()}
        return row_version(now, self.key).is_of(self.sent_version)

    def begin_again(self, form: Form) -> None:
        """Reset the form to the stored values; call it only for a row that was submitted unchanged."""
        self.form, self.sent, self._changes = form, None, None

    def add_error(self, name: str, detail: str) -> None:
        """Add an error message to a field, or to the row."""
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


def row_version(values: Mapping[str, object], key: str) -> Fingerprint:
    """Return a fingerprint of the values in the form of the row `key`; None and an empty text are the same."""
    return version({name: _or_none(value) for name, value in values.items()}, key)


def _is_hidden(field: Field) -> bool:
    return getattr(field.widget, "input_type", "") == "hidden"


def _is_same(value: object, other: object) -> bool:
    return repr(comparable(_or_none(value))) == repr(comparable(_or_none(other)))


def _or_none(value: object) -> object:
    return None if _is_nothing(value) else value


def _is_nothing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, list | set | tuple) and not value)
