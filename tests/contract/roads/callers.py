"""Those who ask: what they send to say who they are."""

from tests.contract.roads.asgi import Headers
from tests.contract.roads.site import personal_token_of, token_of


def bearer(name: str) -> Headers:
    """The header with a user's token."""
    return ((b"authorization", f"Bearer {token_of(name)}".encode()),)


def raw(*values: bytes) -> Headers:
    return tuple((b"authorization", value) for value in values)


def viewer(number: int) -> Headers:
    """How the library knows somebody, whose policies find it out in a way of their own."""
    return ((b"x-viewer", str(number).encode()),)


ADA_TOKEN = token_of("ada").encode()
NOBODY: Headers = ()
OWNER, OTHER, STAFF = bearer("ada"), bearer("grace"), bearer("root")
CALLERS: dict[str, Headers] = {
    "nobody": NOBODY,
    "owner": OWNER,
    "other": OTHER,
    "staff": STAFF,
    "deactivated": bearer("gone"),
    "expired": bearer("late"),
    "wrong": bearer("nobody"),
    "token": raw(b"Bearer " + personal_token_of("unlimited").encode()),
    "limited token": raw(b"Bearer " + personal_token_of("limited").encode()),
}
LIBRARYS_CALLERS: dict[str, Headers] = {
    "nobody": NOBODY,
    "owner": viewer(1),
    "other, and a token": OWNER + viewer(2),
    "staff, and a wrong token": bearer("nobody") + viewer(0),
}
# Each is told apart by the way in which a header is read; a few addresses are enough.
ODD_CALLERS: dict[str, Headers] = {
    "basic": raw(b"Basic YWRhOnBhc3N3b3Jk"),
    "no scheme": raw(ADA_TOKEN),
    "empty": raw(b""),
    "empty bearer": raw(b"Bearer"),
    "blank bearer": raw(b"Bearer   "),
    "lower case": raw(b"bearer " + ADA_TOKEN),
    "upper case": raw(b"BEARER " + ADA_TOKEN),
    "spaces around": raw(b"Bearer    " + ADA_TOKEN + b"  "),
    "a tab": raw(b"Bearer\t" + ADA_TOKEN),
    "more behind": raw(b"Bearer " + ADA_TOKEN + b" x"),
    "a comma": raw(b"Bearer " + ADA_TOKEN + b", Basic x"),
    "two of one": raw(b"Bearer " + ADA_TOKEN, b"Bearer " + ADA_TOKEN),
    "two of two": raw(b"Bearer " + ADA_TOKEN, b"Bearer " + token_of("root").encode()),
    "wrong, then right": raw(b"Bearer wrong", b"Bearer " + ADA_TOKEN),
    "basic, then right": raw(b"Basic eDp5", b"Bearer " + ADA_TOKEN),
    "not ascii": raw("Bearer törn".encode("latin-1")),
    "broken utf-8": raw(b"Bearer \xff\xfe"),
    "nul": raw(b"Bearer a\0b"),
    "long": raw(b"Bearer " + b"x" * 8_000),
    "in a cookie": ((b"cookie", b"token=" + ADA_TOKEN),),
    "proxy": ((b"proxy-authorization", b"Bearer " + ADA_TOKEN),),
}
