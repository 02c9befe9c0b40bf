"""The form field for a file: it shows the stored file, which may be replaced, or removed if it is optional."""

from collections.abc import Mapping, Sequence
from typing import Any

import wtforms
from markupsafe import Markup
from starlette.datastructures import UploadFile
from wtforms import ValidationError
from wtforms.form import BaseForm
from wtforms.validators import InputRequired
from wtforms.widgets import FileInput

from dovetail.contrib.admin.columns.files import file_size, shown_file
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.web.form_fields import NOT_KEPT
from dovetail.files.columns import MEGABYTE, FileField
from dovetail.files.media import current_media
from dovetail.files.stored_file import StoredFile
from dovetail.files.tokens import make_token, read_token
from dovetail.files.uploads import UnfitFileError
from dovetail.state import StateKey
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy

NOT_SAVED = gettext_lazy("%(name)s was not saved. Choose it again.")
UPLOADED = "uploaded: "  # what the value of the hidden input begins with, before the token
CLEAR = "clear"  # the value of the checkbox that removes the file
Outcome = StoredFile | UnfitFileError
UPLOADS = StateKey[Mapping[UploadFile, Outcome]]("dovetail_admin_uploads", "they are stored before the transaction")


class StoredFileWidget(FileInput):
    """A file input below the stored file; a script adds dropping of files, and checks the size limit."""

    asset = "files"  # the script and the style sheet of the widget

    def __call__(self, field: "StoredFileField", **kwargs: object) -> Markup:  # type: ignore[override]  # narrower: WTForms passes only fields with this widget
        """Return the stored file, a checkbox that removes it, and the input as HTML."""
        column_type = field.column_type
        data = {"data-role": "file", "data-max-size": column_type.max_size, "accept": ",".join(column_type.types)}
        is_fixed = kwargs.pop("readonly", False) or (field.render_kw or {}).get("readonly", False)
        stored = field.object_data if isinstance(field.object_data, StoredFile) else None
        parts = [] if stored is None else [Markup('<div class="stored-file">{}</div>').format(shown_file(stored))]
        if is_fixed:
            return Markup("").join(parts)
        parts.append(super().__call__(field, **{key: value for key, value in data.items() if value} | kwargs))
        if field.uploaded is not None:
            parts.append(_kept(field.name, field.uploaded))
        elif field.sent_name and not field.errors:
            told = NOT_SAVED % {"name": field.sent_name}
            parts.append(Markup('<div class="invalid-feedback d-block" role="alert">{}</div>').format(told))
        if (stored or field.uploaded) is not None and not field.flags.required:
            parts.append(_box(field.name, is_checked=field.data is None))
        return Markup("").join(parts)


class StoredFileField(wtforms.FileField):
    """A file that was uploaded and stored before the transaction began, or the stored one of the object.

    A form that is shown again has a token for the stored upload, which is valid for an hour, in place of the file.
    """

    widget = StoredFileWidget()
    sent_name = ""  # of a file that was submitted after the session had ended, and therefore not stored
    uploaded: StoredFile | None = None  # the submitted file, to which no row refers yet

    def __init__(self, *, column_type: FileField, **kwargs: Any) -> None:
        self.column_type = column_type
        given = list(kwargs.pop("validators", None) or ())
        # `pre_validate` checks required fields instead, since forms do not submit the stored file again.
        others = [one for one in given if not isinstance(one, InputRequired)]
        super().__init__(**{"description": limits_of(column_type), "validators": others} | kwargs)
        self.flags.required = len(others) < len(given) or None

    def process_formdata(self, valuelist: Sequence[object]) -> None:
        """Set the uploaded file, None, or the stored one. Raise ValueError for a file that was refused."""
        self.data = self.object_data
        upload = next((one for one in valuelist if isinstance(one, UploadFile) and one.filename), None)
        texts = [one for one in valuelist if isinstance(one, str)]
        self.sent_name = next((one.removeprefix(NOT_KEPT) for one in texts if one.startswith(NOT_KEPT)), "")
        outcome = None if upload is None else (UPLOADS.find(request_context().request) or {}).get(upload)
        if isinstance(outcome, UnfitFileError):
            raise outcome
        if outcome is None and CLEAR in texts:
            self.data = None
            return
        tokens = (one.removeprefix(UPLOADED) for one in texts if one.startswith(UPLOADED))
        self.uploaded = outcome or next(map(self._read_token, tokens), None)
        self.data = self.uploaded or self.data

    def _read_token(self, token: str) -> StoredFile:
        """Return the file of a token that this field was rendered with. Raise ValueError for any other text."""
        media = current_media()
        key = None if media is None else read_token(media, token)
        column = None if media is None or key is None else media.column_of(key)
        if key is None or column is None or column.type is not self.column_type:
            raise ValueError(NOT_SAVED % {"name": gettext("The file")})
        return key

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - the signature is WTForms'
        """Raise ValidationError if the field is required and has no file."""
        if self.flags.required and not self.data and not getattr(self, "allow_blank", False):
            raise ValidationError(gettext("Choose a file."))


def limits_of(column_type: FileField) -> str:
    """Return the description of the files that a column accepts."""
    kinds = ", ".join(kind.rpartition("/")[2].upper() for kind in column_type.types)
    most = (
        file_size(column_type.max_size)
        if column_type.max_size < MEGABYTE
        else f"{formats.decimal(f'{column_type.max_size / MEGABYTE:g}')} MB"
    )
    if not kinds:
        return gettext("%(size)s at most") % {"size": most}
    return gettext("%(kinds)s, %(size)s at most") % {"kinds": kinds, "size": most}


def _kept(name: str, file: StoredFile) -> Markup:
    """Return a hidden input with a token for an uploaded file, and the message that it does not need to be chosen."""
    media = current_media()
    if media is None:
        return Markup()
    told = gettext("%(name)s was uploaded already. It is saved with this form.") % {"name": file.name}
    return Markup('<input type="hidden" name="{}" value="{}{}"><div class="form-hint">{}</div>').format(
        name, UPLOADED, make_token(media, file), told
    )


def _box(name: str, *, is_checked: bool) -> Markup:
    return Markup(
        '<label class="form-check mt-1">'
        '<input class="form-check-input" type="checkbox" name="{}" value="{}"{}> '
        '<span class="form-check-label">{}</span></label>'
    ).format(name, CLEAR, Markup(" checked") if is_checked else "", gettext("Remove this file"))
