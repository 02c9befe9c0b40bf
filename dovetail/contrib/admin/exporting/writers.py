"""The export formats by the names that views use."""

from collections.abc import Mapping

from dovetail.contrib.admin.exporting.excel import ExcelWriter
from dovetail.contrib.admin.exporting.formats import CSVWriter, JSONWriter, Writer

WRITERS: Mapping[str, type[Writer]] = {"csv": CSVWriter, "json": JSONWriter, "xlsx": ExcelWriter}
