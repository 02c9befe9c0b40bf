"""Bring catalogs up to date with the code, and compile them."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dovetail.cli.translation.extraction import Source, extract
from dovetail.translation.catalogs import folder_of

DOMAINS = ("messages", "scripts")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # a catalog that did not change is written as it was


def po_path(locale: Path, language: str, domain: str) -> Path:
    """Return where the catalog of a language is, below a folder `locale`."""
    return locale / folder_of(language) / "LC_MESSAGES" / f"{domain}.po"


def updated(source: Source, language: str, domain: str) -> Catalog:
    """Return the catalog of a language with every text of the code; what the code no longer has is left out."""
    path = po_path(source.locale, language, domain)
    found = read_catalog(path, language) if path.is_file() else Catalog(locale=folder_of(language), fuzzy=False)
    found.update(extract(source, domain), no_fuzzy_matching=True)
    found.obsolete.clear()
    found.fuzzy = False
    found.creation_date = found.revision_date = LONG_AGO
    found.header_comment = "# Translated texts; `manage.py makemessages` keeps them in step with the code."
    return found


def read_catalog(path: Path, language: str) -> Catalog:
    """Return the catalog in a file. Raise `PoFileError` for one that cannot be read."""
    with path.open("rb") as file:
        return read_po(file, locale=folder_of(language), abort_invalid=True)


def as_po(catalog: Catalog) -> bytes:
    """Return a catalog as translators edit it."""
    file = BytesIO()
    write_po(file, catalog, width=100, sort_output=True, include_lineno=False, omit_header=False)
    return file.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """Return a catalog as programs read it."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()
