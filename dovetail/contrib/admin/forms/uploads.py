"""Text that comes as a file: nothing that our pages send, and nothing that a text field can hold."""

from starlette.datastructures import FormData, UploadFile
from wtforms import FileField, Form

from dovetail.errors import FieldError, InvalidInputError


def refuse_files(sent: FormData, form_class: type[Form] | None = None) -> None:
    """See that no field came as a file but those that `form_class` has for files. Raises InvalidInputError."""
    for name, value in sent.multi_items():
        field = getattr(getattr(form_class, name, None), "field_class", None)  # WTForms makes it later
        if isinstance(value, UploadFile) and not (isinstance(field, type) and issubclass(field, FileField)):
            detail = "A field for text came as a file, so nothing was done."
            raise InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail, type="file")])
