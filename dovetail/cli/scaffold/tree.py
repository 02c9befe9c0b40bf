"""Write a folder of files from templates: all of it or nothing."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).parent / "templates"
EXECUTABLE = 0o755
_IMPORT = r"from [\w.]+ import (?:\((?:\n {4}.*)+\n\)|.*)\n"


@dataclass(frozen=True)
class Part:
    """A folder of templates, where its files go, and the values of their placeholders.

    `source` is a folder in `templates/`, or a whole path. `x.py.tmpl` is filled in and becomes `x.py`, executable if it
    begins with `#!`; a Mako template is copied as it is. Other files are not written.
    """

    source: str | Path
    place: str = "."
    values: Mapping[str, str] = field(default_factory=dict)


def write_tree(target: Path, *parts: Part) -> None:
    """Write the files of all parts to the folder `target`, by way of a fresh folder beside it.

    `target` may exist; then it must hold none of the names that are written into it. Raise OSError, and KeyError for
    a placeholder without a value; `target` is then as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".dovetail-", dir=target.parent) as temporary:
        fresh = Path(temporary) / "fresh"
        for part in parts:
            _write(part, fresh)
        if not target.exists():
            fresh.rename(target)
            return
        for path in sorted(fresh.iterdir()):  # somebody may stand in it, so it stays the same folder
            path.rename(target / path.name)


def _write(part: Part, fresh: Path) -> None:
    source = TEMPLATES / part.source
    for template in sorted(source.rglob("*.tmpl")):
        text = Template(template.read_text(encoding="utf-8")).substitute(part.values)
        path = _path(template.with_suffix(""), source, fresh / part.place)
        path.write_text(_with_sorted_imports(text), encoding="utf-8")
        if text.startswith("#!"):
            path.chmod(EXECUTABLE)
    for template in sorted(source.glob("*.mako")):
        _path(template, source, fresh / part.place).write_bytes(template.read_bytes())


def _path(template: Path, source: Path, target: Path) -> Path:
    path = target / template.relative_to(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _with_sorted_imports(text: str) -> str:
    """Sort imports that follow each other: where a package stands among others depends on the name it was given."""
    return re.sub(
        rf"^(?:{_IMPORT})+", lambda block: "".join(sorted(re.findall(_IMPORT, block[0]))), text, flags=re.MULTILINE
    )
