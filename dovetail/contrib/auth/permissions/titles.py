"""Show in words, in the language of the user, what a permission allows."""

import re

from dovetail.contrib.auth.models import Permission
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence

OF_MODEL = re.compile(r"Can (view|add|change|delete) (.+)")  # the titles that `declared` generates
SENTENCES = {
    "view": gettext_lazy("Can view %(kind)s"),
    "add": gettext_lazy("Can add %(kind)s"),
    "change": gettext_lazy("Can change %(kind)s"),
    "delete": gettext_lazy("Can delete %(kind)s"),
}


def in_words(permission: Permission) -> str:
    """Return the title and name of a permission: `Can add post (blog.add_post)`."""
    return f"{_said(permission.title)} ({permission.name})"


def _said(title: str) -> str:
    translated = gettext(title)
    found = OF_MODEL.fullmatch(title)
    if translated != title or found is None:
        return translated
    action, words = found.groups()
    return SENTENCES[action] % {"kind": in_sentence(words[:1].upper() + words[1:])}
