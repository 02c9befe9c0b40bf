"""The files of an application: their storage, the columns that refer to them, and their URLs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapper

from dovetail.files.columns import FileField
from dovetail.files.storage import Storage
from dovetail.files.stored_file import StoredFile
from dovetail.signing import Signer
from dovetail.state import StateKey, current_application, current_scope

THUMBNAIL = "thumbnail"  # query parameter: the name of a thumbnail size


@dataclass(frozen=True)
class FileColumn:
    """A file column of a model."""

    model: type[object]
    name: str  # of the mapped attribute
    source: Column[object]  # in its table, which models may inherit and share
    type: FileField

    @property
    def table(self) -> str:
        """The name of the table: the first part of keys."""
        return self.source.table.name

    @property
    def column(self) -> str:
        """The name of the column in its table: the second part of keys."""
        return self.source.name


@dataclass(frozen=True, kw_only=True)
class Media:
    """The files of an application, with the settings that concern them."""

    storage: Storage
    path: str  # the URL path below which they are served, such as "/media"
    max_pixels: int
    signer: Signer  # signs the tokens of uploads
    columns: Mapping[tuple[str, str], FileColumn] = field(default_factory=dict)  # by (table, column)

    def column_of(self, key: str) -> FileColumn | None:
        """Return the column that a key belongs to; None if it no longer exists."""
        table, column, *_ = [*key.split("/"), ""]
        return self.columns.get((table, column))


MEDIA = StateKey[Media]("media", "add dovetail.contrib.media to the plugins")


def find_columns(models: Iterable[type[object]]) -> list[FileColumn]:
    """Return the file columns of models."""
    return [one for model in models for one in columns_of(model)]


def columns_of(model: type[object]) -> list[FileColumn]:
    """Return the file columns of a model, inherited ones included."""
    mapper: Mapper[object] = inspect(model)
    found = [(one.key, one.columns[0]) for one in mapper.column_attrs]
    return [
        FileColumn(model, name, column, column.type)
        for name, column in found
        if isinstance(column, Column) and isinstance(column.type, FileField)
    ]


def current_media() -> Media | None:
    """Return the files of the application that answers the current request; None if there are none.

    That is so outside of a request, and if the plugin `dovetail.contrib.media` is not enabled.
    """
    app = current_application()
    return None if app is None else MEDIA.find(app)


def address_of(file: StoredFile, thumbnail: str = "") -> str:
    """Return the URL path of a stored file, or of one of its thumbnails, on the site that answers the current request.

    It includes the path prefix (root_path) under which a proxy serves the site. Return the key alone outside of a
    request, or if the plugin `dovetail.contrib.media` is not enabled.
    """
    media, scope = current_media(), current_scope.get() or {}
    if media is None:
        return str(file)
    prefix = str(scope.get("app_root_path", scope.get("root_path", ""))).rstrip("/")  # as Starlette's `base_url` does
    return f"{prefix}{media.path}/{file.quoted}" + (f"?{THUMBNAIL}={thumbnail}" if thumbnail else "")
