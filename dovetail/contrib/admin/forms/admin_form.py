"""Forms that are filled in from a request: only fields that it contains and that are editable are changed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from gettext import NullTranslations, translation
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile
from wtforms import BooleanField, Field, FileField, Form, SelectFieldBase, ValidationError
from wtforms.fields.core import UnboundField
from wtforms.i18n import messages_path
from wtforms.meta import DefaultMeta

from dovetail.contrib.admin.sqladmin_private import FORM_NAMES
from dovetail.contrib.admin.web.form_fields import NEVER_KEPT, NOT_KEPT
from dovetail.errors import FieldError, InvalidInputError
from dovetail.translation.catalogs import folder_of
from dovetail.translation.texts import get_language, gettext, gettext_lazy, ngettext

if TYPE_CHECKING:
    from _typeshed import SupportsItems

UNSEEN = gettext_lazy("You may not see what is chosen here. It stays, unless you choose something else.")
# Inputs in which a browser shows only values that it could submit.
PICKY = frozenset({"number", "date", "time", "datetime-local", "month", "week", "range", "color"})
NEVER_HALF_DONE = frozenset({"range", "color"})  # inputs that always have a value
KEPT = (BooleanField, SelectFieldBase, FileField)  # inputs whose text is not their value


class _FormTexts:
    """The messages of WTForms, translated by the catalogs of the site, or else by those of WTForms."""

    def __init__(self, own: NullTranslations) -> None:
        self._own = own

    def gettext(self, text: str) -> str:
        """Return the translation of a text."""
        said = gettext(text)
        return said if said != text else self._own.gettext(text)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the translation of a text for a number."""
        said = ngettext(singular, plural, number)
        return said if said not in {singular, plural} else self._own.ngettext(singular, plural, number)


class AdminForm(Form):
    """The base of every form of the back office."""

    class Meta(DefaultMeta):
        """Creates the fields of a form, with its translations."""

        def get_translations(self, form: object) -> object:  # type: ignore[override]  # WTForms calls it with arguments that its stubs lack  # noqa: ARG002 - the signature is WTForms'
            """Return the translations of WTForms' messages."""
            code = get_language()
            if code not in self.translations_cache:
                self.translations_cache[code] = _FormTexts(_own_texts(code))
            return self.translations_cache[code]

        def bind_field(self, form: Any, unbound_field: "UnboundField[Any]", options: Any) -> Any:
            """Give a field an id that no other element of the page has, whatever the name of its column."""
            return unbound_field.bind(form=form, **{"id": f"field-{options['prefix']}{options['name']}"} | options)

        def render_field(self, field: Field, render_kw: "SupportsItems[str, object]") -> Markup:
            """Return a field as HTML; invalid input is shown as it was typed, to be corrected.

            Browsers submit incomplete input in date and number inputs as an empty value. Therefore such fields are
            rendered as text inputs, whose type `unreadable.js` sets: it reports incomplete input before it is sent.
            A password is followed by a hidden field with its name, so that it is not kept with the rest of the form.
            """
            kind = getattr(field.widget, "input_type", "")
            picky: dict[str, object] = {}
            if kind in PICKY and field.process_errors and field.raw_data:
                picky = {"type": "text"}
            elif kind in PICKY - NEVER_HALF_DONE:
                picky = {"type": "text", "data-becomes": kind}
            made = super().render_field(field, {**dict(render_kw.items()), **picky})
            if kind != "password":
                return made
            return made + Markup('<input type="hidden" name="{}" value="{}">').format(NEVER_KEPT, field.name)

    def refuse_null_characters(self) -> bool:
        """Return False if a text contains NUL, which PostgreSQL cannot store, and add an error to its field."""
        clean = True
        for field in self:
            if any(isinstance(value, str) and "\0" in value for value in field.raw_data or ()):
                field.errors = [*field.errors, gettext("Null characters are not allowed.")]
                clean = False
        return clean

    def validate(self, extra_validators: Mapping[str, Sequence[object]] | None = None) -> bool:
        """Return whether every field is valid."""
        try:
            good = super().validate(extra_validators)
        except ValidationError as error:
            self.form_errors.append(str(error))
            return False
        return self.refuse_null_characters() and good


def as_admin_form(form_class: type[Form]) -> type[Form]:
    """Return a subclass of a form that has AdminForm as a base, whatever class its author derived it from."""
    return form_class if issubclass(form_class, AdminForm) else type(form_class.__name__, (form_class, AdminForm), {})


def restricted(form_class: type[Form], hidden: Collection[str], read_only: Collection[str]) -> type[Form]:
    """Return the form without the `hidden` fields, and with those of `read_only` disabled.

    Both are names of attributes: the `short_name` of fields, whose names in the form may differ (FORM_NAMES).
    """
    names = [name for name in (FORM_NAMES.get(one, one) for one in hidden) if hasattr(form_class, name)]
    if not names and not read_only:
        return form_class

    class RestrictedForm(form_class):  # type: ignore[valid-type, misc]  # mypy cannot tell that it is a class
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)
            for field in self:
                if field.short_name in read_only:
                    field.render_kw = {**(field.render_kw or {}), "readonly": True}

    for name in names:
        setattr(RestrictedForm, name, None)  # WTForms removes a field of a base class in this way
    return RestrictedForm


def locked(form_class: type[Form], why: str) -> type[Form]:
    """Return the form with all fields disabled; the first has the reason as its description."""

    class LockedForm(form_class):  # type: ignore[valid-type, misc]  # mypy cannot tell that it is a class
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)
            for number, field in enumerate(self):
                field.render_kw = {**(field.render_kw or {}), "readonly": True}
                if not number:
                    field.description = why

    return LockedForm


def without_demands(form: Form, unseen: Sequence[str]) -> Form:
    """Return the form without required relations to objects that the user may not view: these stay unchanged."""
    for name in unseen:
        field: Any = form[name]
        field.allow_blank, field.validators, field.description = True, (), UNSEEN
    return form


def is_protected(field: Field) -> bool:
    """Return whether a field is `readonly` or `disabled`."""
    given = {name: True for name in ("readonly", "disabled") if getattr(field.flags, name, None)} | (
        field.render_kw or {}
    )
    return any(given.get(name, False) is not False for name in ("readonly", "disabled"))


def begin(form_class: type[Form], given: Mapping[str, object]) -> Form:
    """Return the form of a new object with initial values: texts, as in a query string, or values.

    Values that are invalid, of a protected field, or of no field, are ignored.
    """
    empty = form_class()
    known = {field.name for field in empty if not is_protected(field)}
    counting = {name: value for name, value in given.items() if name in known}
    texts = FormData([(name, value) for name, value in counting.items() if isinstance(value, str)])
    read = form_class(texts, data={name: value for name, value in counting.items() if not isinstance(value, str)})
    data = {field.name: field.data for field in read if field.name in counting and not field.process_errors}
    return form_class(data={**{field.name: field.data for field in empty}, **data})


def fill_in(
    form_class: type[Form], sent: FormData, initial: dict[str, object], *, is_new: bool, prefix: str = ""
) -> tuple[Form, FormData]:
    """Return the form with the submitted data, and the part of the data that applies.

    Submitted names begin with `prefix`. Values of protected fields are ignored. A field that was submitted as it was
    rendered keeps its value, since the text may lack a part of it: a fraction of a second, the kind of line ends.
    """
    before = form_class(data=initial, prefix=prefix)
    protected = {field.name for field in before if is_protected(field)}
    counting = FormData([(name, value) for name, value in sent.multi_items() if name not in protected])
    form = form_class(counting, data=initial, prefix=prefix)
    for field in form:
        if field.name in protected:
            field.validators = ()
    without_lost_files(form)
    if not is_new:
        for field, old in _unchanged(form, before):
            field.data, field.process_errors = old.object_data, ()
    return form, counting


def without_lost_files(form: Form) -> Form:
    """Return the form, whose file fields then name the files that a browser has to be given again.

    A form that was kept has names of files in place of the files; `FileField` of WTForms would take them for files.
    """
    for field in form:
        if isinstance(field, FileField) and not hasattr(field, "sent_name"):  # a StoredFileField names its own
            raw = [one for one in field.raw_data or () if one]
            field.raw_data = [one for one in raw if not isinstance(one, str)]
            if len(field.raw_data) < len(raw):
                field.data = field.raw_data if isinstance(field.data, list) else next(iter(field.raw_data), None)
            names = [one.removeprefix(NOT_KEPT) if isinstance(one, str) else one.filename for one in raw]
            vars(field)["lost_files"] = ", ".join(name for name in names if name)
    return form


def refuse_files(sent: FormData, form_class: type[Form] | None = None) -> None:
    """Raise InvalidInputError if a file was submitted for a field of `form_class` that is not a file field.

    The forms of the back office never do that.
    """
    for name, value in sent.multi_items():
        field = getattr(getattr(form_class, name, None), "field_class", None)  # WTForms creates it later
        if isinstance(value, UploadFile) and not (isinstance(field, type) and issubclass(field, FileField)):
            detail = gettext("A field for text came as a file, so nothing was done.")
            raise InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail, type="file")])


def _own_texts(code: str) -> NullTranslations:
    try:
        return translation("wtforms", messages_path(), [folder_of(code), code.partition("-")[0]])
    except FileNotFoundError:  # English, or a language that WTForms lacks
        return NullTranslations()


def _unchanged(form: Form, before: Form) -> Iterator[tuple[Field, Field]]:
    for field, old in zip(form, before, strict=True):
        raw = field.raw_data or ()
        if len(raw) == 1 and isinstance(raw[0], str) and hasattr(old, "_value") and not isinstance(field, KEPT):
            shown = str(old._value())  # noqa: SLF001 - WTForms itself reads it there
            if raw[0].replace("\r\n", "\n") == shown.replace("\r\n", "\n"):
                yield field, old
