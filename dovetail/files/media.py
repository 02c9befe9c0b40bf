"""The files of an application: where they are stored, which columns hold them, and their addresses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper

from dovetail.files.columns import FileField
from dovetail.files.storage import Storage
from dovetail.files.stored_file import StoredFile
from dovetail.signing import Signer
from dovetail.state import StateKey, current_application, current_scope

THUMBNAIL = "thumbnail"  # of an address: the name of a size


@dataclass(frozen=True)
class FileColumn:
    """A column of a model that holds files."""

    model: type[object]
    name: str  # of the attribute
    source: Column[object]  # of the table, with the rows of all models that inherit it
    type: FileField

    @property
    def table(self) -> str:
        """The name of the table, which keys begin with."""
        return self.source.table.name

    @property
    def column(self) -> str:
        """The name of the column in its table, which follows in keys."""
        return self.source.name


@dataclass(frozen=True, kw_only=True)
class Media:
    """The files of an application."""

    storage: Storage
    path: str  # below which they are served, such as "/media"
    max_pixels: int
    signer: Signer  # of the tokens of uploads
    columns: Mapping[tuple[str, str], FileColumn] = field(default_factory=dict)  # by table and column

    def column_of(self, key: str) -> FileColumn | None:
        """Return the column that holds a key; None if there is none any more."""
        table, column, *_ = [*key.split("/"), ""]
        return self.columns.get((table, column))


MEDIA = StateKey[Media]("media", "add dovetail.contrib.media to the plugins")


def find_columns(models: Iterable[type[object]]) -> list[FileColumn]:
    """Return the columns of models that hold files."""
    return [one for model in models for one in columns_of(model)]


def columns_of(model: type[object]) -> list[FileColumn]:
    """Return the columns of a model, or of one that it inherits from, that hold files."""
    mapper: Mapper[object] = inspect(model)
    found = [(one.key, one.columns[0]) for one in mapper.column_attrs]
    return [
        FileColumn(model, name, column, column.type)
        for name, column in found
        if isinstance(column, Column) and isinstance(column.type, FileField)
    ]


def address_of(file: StoredFile, thumbnail: str = "") -> str:
    """Return the address of a stored file, or of one of its thumbnails, on the site that answers the request at hand.

    It begins with a slash, and with the prefix below which a proxy serves the site. Outside of a request, and where the
    plugin `dovetail.contrib.media` is not enabled, it is the key alone.
    """
    app, scope = current_application(), current_scope.get() or {}
    media = None if app is None else MEDIA.find(app)
    if media is None:
        return str(file)
    prefix = str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")  # as `base_url` of Starlette
    return f"{prefix}{media.path}/{file.quoted}" + (f"?{THUMBNAIL}={thumbnail}" if thumbnail else "")
