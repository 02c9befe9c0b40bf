"""Path convertors for the variable parts of URLs: views (`blog/post`) and keys of objects, quoted as Django does.

    Route("/{identity:admin_view}/{pk:admin_key}/change/", ...)  # /blog/post/1/change/

`url_for` takes unquoted identifiers, and `request.path_params` has them unquoted.
"""

import re
from typing import ClassVar
from urllib.parse import quote as percent_quote

from starlette.convertors import Convertor, register_url_convertor

WORD = "[A-Za-z0-9][A-Za-z0-9_-]*"
RESERVED = frozenset(
    {
        "account",
        "acting",
        "assets",
        "enrol",
        "login",
        "logout",
        "media",
        "palette",
        "password_reset",
        "prove",
        "reset",
        "shortcuts",
        "statics",
        "texts",
        "theme",
        "why",
        "zone",
    }
)
"""First words of addresses that are the site's own, and those of no view."""

PAGES = frozenset({"action", "add", "bulk", "delete", "draft", "export", "import", "lookup"})
"""Words that stand where the key of an object may: `/blog/post/add/`."""

# The characters that Django quotes (django/contrib/admin/utils.py), since servers and browsers interpret some
# of them even if they are percent-encoded.
_SIGNS = re.compile('[:/_#?;@&=+$,"\\[\\]<>%\n\\\\]')
_QUOTED = re.compile("_([0-9A-F]{2})")
_EMPTY = "_"  # for the empty text, which is a valid key; no other key is quoted like this


def quote(key: str) -> str:
    """Return a key quoted for URLs: `_2F` for a slash, `_61dd` for the word `add`, which is the name of a page."""
    quoted = _SIGNS.sub(lambda sign: _code(sign[0]), key) or _EMPTY
    return _code(quoted[0]) + quoted[1:] if quoted in PAGES | {".", ".."} else quoted


def unquote(part: str) -> str:
    """Return the key from a part of a URL."""
    return "" if part == _EMPTY else _QUOTED.sub(lambda found: chr(int(found[1], 16)), part)


class ViewConvertor(Convertor[str]):
    """Path convertor for the identity of a view, two words: `blog/post`."""

    regex: ClassVar[str] = f"{WORD}/{WORD}"

    def convert(self, value: str) -> str:
        """Return the identity."""
        return value

    def to_string(self, value: str) -> str:
        """Return the identity."""
        return value


class KeyConvertor(Convertor[str]):
    """Path convertor for the identifier of an object."""

    regex: ClassVar[str] = "[^/]+"

    def convert(self, value: str) -> str:
        """Return the unquoted identifier."""
        return unquote(value)

    def to_string(self, value: object) -> str:
        """Return the identifier, quoted and percent-encoded."""
        text = str(value)
        return text if text.isascii() and text.isdigit() else percent_quote(quote(text), safe="")


def _code(sign: str) -> str:
    return f"_{ord(sign):02X}"


class WordConvertor(ViewConvertor):
    """Path convertor for the first word of identities: `blog`."""

    regex: ClassVar[str] = f"(?!(?:{'|'.join(sorted(RESERVED))})/){WORD}"


register_url_convertor("admin_word", WordConvertor())
register_url_convertor("admin_view", ViewConvertor())
register_url_convertor("admin_key", KeyConvertor())
