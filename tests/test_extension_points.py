"""docs/plugins.md lists every extension point that somebody is asked at."""

import re
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASKED = re.compile(r'(?:\.extensions\(|\.extensions\.get\()\s*("?)([\w.]+)\1')
LISTED = re.compile(r"^\| `([a-z_]+\.[a-z_]+)`", re.MULTILINE)


def _asked() -> set[str]:
    found = set()
    for path in [*(ROOT / "dovetail").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        for quote, name in ASKED.findall(path.read_text()):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.add(name if quote else getattr(import_module(module), name, ""))
    return {name for name in found if "." in name}


def test_every_extension_point_is_on_the_page_of_plugins():
    listed = LISTED.findall((ROOT / "docs" / "plugins.md").read_text())
    assert set(listed) == _asked()
    assert len(listed) == len(set(listed))
