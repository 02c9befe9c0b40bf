"""Every form of the back office is in this table: it comes back with what was typed, or nothing is typed into it.

"kept" forms are shown again after a login (`entry.kept_forms`); those of "address" send what was typed in the address
of a page, which the login leads back to; "button" forms hold nothing typed, "chosen" ones a switch that acts at once,
"visitor" ones come before a session begins, and "secret" ones hold passwords and codes, which are stored nowhere.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from dovetail.contrib.admin.account import own_sections
from dovetail.contrib.admin.account.sections import AccountSection
from dovetail.contrib.admin.mounting.routes import KEEPING

TEMPLATES = Path(own_sections.__file__).parents[1] / "templates" / "sqladmin"
FORMS: Mapping[str, list[str]] = {
    "account/choices.html": ["kept"],
    "account/connected.html": ["button", "button"],
    "account/factors.html": ["kept", "button", "button", "kept", "kept"],
    "account/password.html": ["secret"],
    "account/sessions.html": ["button", "button"],
    "account/tokens.html": ["button", "kept"],
    "acting.html": ["button"],
    "bulk_edit.html": ["kept"],
    "choose.html": ["address"],
    "confirm.html": ["kept"],
    "delete_confirmation.html": ["kept"],
    "details.html": ["kept"],
    "enrol.html": ["visitor"],
    "enrol_totp.html": ["secret"],
    "filters/date_filter.html": ["address"],
    "filters/operation_filter.html": ["address"],
    "flash.html": ["button"],
    "form.html": ["button", "kept"],
    "history.html": ["button"],
    "importing/_outcome.html": ["kept"],
    "importing/table.html": ["kept"],
    "importing/upload.html": ["button"],  # it holds a file alone, which no browser sends twice
    "language_switch.html": ["chosen"],
    "layout.html": ["button"],
    "list.html": ["address", "kept"],
    "list/builder.html": ["address"],
    "list/editing.html": ["kept"],
    "list/head.html": ["kept", "kept"],
    "login.html": ["visitor", "visitor"],
    "page.html": ["kept"],
    "pages.html": ["address"],
    "password_reset/ask.html": ["visitor"],
    "password_reset/choose.html": ["visitor"],
    "prove.html": ["button", "secret", "secret", "secret", "secret"],
    "second_factor.html": ["secret", "secret", "secret"],
    "shortcuts.html": ["chosen"],
    "theme_switch.html": ["chosen"],
    "trash.html": ["address", "button"],
    "why.html": ["address"],
    "zone_offer.html": ["chosen"],
}


def test_every_form_is_kept_or_holds_nothing_that_is_typed():
    templates = {str(path.relative_to(TEMPLATES)): path.read_text() for path in sorted(TEMPLATES.rglob("*.html"))}
    assert FORMS.keys() <= templates.keys()
    for name, text in templates.items():
        found = [text[one.start() :].partition("</form>")[0] for one in re.finditer(r"<form\b", text)]
        kinds = FORMS.get(name, [])
        assert len(kinds) == len(found), f"{name} has {len(found)} forms: say in FORMS what becomes of each"
        for kind, form in zip(kinds, found, strict=True):
            begins = form.partition(">")[0]
            assert ('method="get"' in begins) == (kind == "address"), name
            if kind == "button":
                typed = re.findall(r"<(?:textarea|select)|<input(?![^>]*type=\"(?:hidden|submit|file)\")", form)
                assert not typed, f"{name}: something is typed into {begins}"


def test_the_routes_of_kept_forms_keep_them():
    assert KEEPING.keys() >= {"create", "edit", "bulk-edit", "delete", "list", "import-table"}
    assert KEEPING.keys() >= {"list-views", "list-columns"}
    sections = [one for one in vars(own_sections).values() if isinstance(one, AccountSection)]
    keeps = {route.name: set(route.keeps) for section in sections for route in section.routes if route.keeps}
    assert keeps == {
        "save": {"language", "zone", "theme"},
        "totp": {"name"},
        "passkey": {"name"},
        "rename": {"kind", "id", "name"},
        "make": {"name", "days", "scopes", "unlimited"},
    }
