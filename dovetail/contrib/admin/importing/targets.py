"""The targets of an import: the fields of the form of a new object, and the columns that identify stored rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request
from wtforms import Field, FileField, Form, PasswordField

from dovetail.contrib.admin.columns.unique import unique_columns
from dovetail.contrib.admin.forms.admin_form import is_protected
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.translation.texts import gettext

KEY = "="  # the name of the target for the primary key: no attribute can have it
KEY_NAMES = ("id", "pk", "key")  # headings for it, but for those that are names of fields


class Kind(Enum):
    """The use of a cell."""

    KEY = "key"  # identifies the row
    FIELD = "field"  # the value of a form field; for a relation, keys
    RELATED = "related"  # the value of a unique column of a related object


@dataclass(frozen=True, kw_only=True)
class Target:
    """A field that a column of a file can be imported to; `name` is `title`, or `author.username` for a relation."""

    name: str
    label: str
    kind: Kind = Kind.FIELD
    is_required: bool = False  # required for new objects
    is_unique: bool = False  # rows can be found by it
    parts: tuple[str, ...] = ()  # for a composite key: its fields, if the form has all of them

    @property
    def field(self) -> str:
        """Return the name of the model attribute that is written."""
        return self.name.partition(".")[0]

    @property
    def column(self) -> str:
        """Return the column of related objects by which they are found."""
        return self.name.partition(".")[2]


async def targets_of(view: ModelAdmin, request: Request) -> Mapping[str, Target]:
    """Return by name the targets to which the user may import rows of a view."""
    form_class = await view.permitted_form(request, None)
    fields = {one.name: one for one in _fields(view, request, form_class())}
    parts = tuple(view.mapper.get_property_by_column(column).key for column in view.mapper.primary_key)
    chosen = parts if fields.keys() >= set(parts) else ()
    return {KEY: Target(name=KEY, label=gettext("Key (ID)"), kind=Kind.KEY, parts=chosen), **fields}


def guess(headings: Sequence[str], targets: Mapping[str, Target]) -> list[str]:
    """Return the name of the target that each heading resembles; an empty text for none. No name is returned twice."""
    known: dict[str, str] = {}
    parts = targets[KEY].parts
    # A key that users choose is written, and a field called "key" is no key.
    for one in sorted(targets.values(), key=lambda one: (one.name not in parts, one.kind is Kind.KEY)):
        names = (*KEY_NAMES, one.label) if one.kind is Kind.KEY else (one.name, one.label)
        for name in names:
            known.setdefault(_plain(name), one.name)
    taken: set[str] = set()
    guessed: list[str] = []
    for heading in headings:
        name = known.get(_plain(heading), "")
        field = name.partition(".")[0]
        guessed.append("" if field in taken else name)
        taken.add(field)
    return guessed


def _fields(view: ModelAdmin, request: Request, form: Form) -> Iterator[Target]:
    unwritable = fields_of(request).read_only(view.model)
    unique = {name for name, _ in unique_columns(view.model)}
    hidden = rules_of(request).hidden(view.model)
    names = {*view.edited(request, None)} - unwritable
    for field in form:
        name = field.short_name
        if name not in names or is_protected(field) or isinstance(field, FileField | PasswordField):
            continue
        label = str(field.label.text)
        is_readable = name not in hidden
        yield Target(name=name, label=label, is_required=_is_required(field), is_unique=is_readable and name in unique)
        if name in view.mapper.relationships:
            yield from _related(view, request, name, label)


def _related(view: ModelAdmin, request: Request, name: str, label: str) -> Iterator[Target]:
    model = view.mapper.relationships[name].mapper.class_
    fields = fields_of(request)
    for column, _ in unique_columns(model):
        if not fields.is_hidden(model, column):
            words = column.replace("_", " ")
            yield Target(name=f"{name}.{column}", label=f"{label}: {words}", kind=Kind.RELATED)


def _is_required(field: Field) -> bool:
    is_choice = field.type in {"AutocompleteField", "RawIdField"} and not getattr(field, "allow_blank", True)
    return is_choice or bool(field.flags.required)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
