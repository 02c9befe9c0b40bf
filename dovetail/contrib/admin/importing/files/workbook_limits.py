"""Check limits of a workbook before openpyxl reads it, which keeps whole rows and all formats in memory.

A few kilobytes can unpack to a row of millions of cells, or to a number format of a million brackets, on which the
"""

from collections.abc import Mapping
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile, ZipInfo

from dovetail.contrib.admin.importing.files.sheet import UnreadableFileError
from dovetail.translation.texts import gettext

LARGEST = 67_108_864  # bytes of all parts, unpacked
MOST_PARTS = 1000
MOST_ELEMENTS = 3_000_000  # elements of all parts
MOST_HELD = 150_000  # elements of a row, of a text, or of a part that has neither: Excel has 16,384 cells in a row
LONGEST_FORMAT = 255  # characters of a number format, as in Excel
LONGEST_TOKEN = 1_000_000  # bytes up to the end of a tag: a cell in Excel has at most 32,767 characters
PIECE = 65_536  # bytes

_NAMES = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "
CELL, FORMULA, VALUE, FORMAT = (_NAMES + name for name in ("c", "f", "v", "numFmt"))
LET_GO = {_NAMES + "sst": _NAMES + "si"}  # the element after which openpyxl frees its memory, by the root of the part
ROW = _NAMES + "row"  # for all other parts


def check_workbook(archive: ZipFile) -> None:
    """Raise UnreadableFileError for a workbook that is too large, or has formulas without a result."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST:
        raise UnreadableFileError(
            gettext("The workbook is too large: unpacked it may have %(most)s bytes.") % {"most": f"{LARGEST:,}"}
        )
    left = MOST_ELEMENTS
    for part in parts:
        left -= _Part(left).read(archive, part)


class _Part:
    """Parses one part, up to the first XML error, where openpyxl will stop, too."""

    def __init__(self, most: int) -> None:
        self.elements, self.held, self.most = 0, 0, most
        self.let_go = ""
        self.cell_type: str | None = None
        self.is_value = self.has_formula = self.has_result = False

    def read(self, archive: ZipFile, part: ZipInfo) -> int:
        """Return the number of elements of the part. Raise UnreadableFileError if there are too many."""
        parser = ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.EntityDeclHandler = self._text, self._refuse_entity
        since_tag = 0
        with archive.open(part) as file:
            while piece := file.read(PIECE):
                last = piece.rfind(b">")
                since_tag = since_tag + len(piece) if last < 0 else len(piece) - last
                if since_tag > LONGEST_TOKEN:
                    raise _too_much()
                try:
                    parser.Parse(piece, False)  # noqa: FBT003 - expat accepts no keyword arguments
                except ExpatError:
                    break
        return self.elements

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        self.held += 1
        if self.elements == 1:
            self.let_go = LET_GO.get(name, ROW)
        if self.elements > self.most or self.held > MOST_HELD:
            raise _too_much()
        if name == CELL:
            self.cell_type = attributes.get("t")
            self.has_formula = self.has_result = False
        elif name == FORMULA:
            self.has_formula = True
        elif name == VALUE:
            self.is_value = True
        elif name == FORMAT and len(attributes.get("formatCode", "")) > LONGEST_FORMAT:
            raise _too_much()

    def _text(self, _text: str) -> None:
        self.has_result = self.has_result or self.is_value

    def _end(self, name: str) -> None:
        if name == VALUE:
            self.is_value = False
        elif name == self.let_go:
            self.held = 0
        elif name == CELL and self.has_formula and not self.has_result and self.cell_type != "str":
            raise UnreadableFileError(  # the result of type "str" is an empty text
                gettext("The workbook has formulas without a result. Open it in Excel, save it, and upload it again.")
            )

    def _refuse_entity(self, *_declaration: object) -> None:
        raise ValueError("a workbook of Excel declares no entities of XML")


def _too_much() -> UnreadableFileError:
    return UnreadableFileError(
        gettext("The workbook holds more than Excel writes: a row, a format or a text too long, or too many of them.")
    )
