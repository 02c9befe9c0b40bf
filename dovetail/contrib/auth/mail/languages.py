"""Write mail in the language of who gets it: the one they chose, or that of the page from which it was asked for.

Which one somebody chose says an async function at the extension point `auth.language`:

    Plugin(..., extensions={"auth.language": lazy("plugins.crm.people:language_of")})

    async def language_of(session: AsyncSession, user: User) -> str: ...  # "de"; nothing, if they chose none

What the API, a command or a task sends to somebody who chose none is in the language of the site, LANGUAGE_CODE.
"""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.plugin import context_of
from dovetail.settings import Settings
from dovetail.translation.catalogs import ENGLISH, Language, Languages, locale_folders
from dovetail.translation.texts import active_language


class MailLanguages:
    """Knows the languages of a site; its catalogs are read when the first mail is no English one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def find(self, code: str) -> Language:
        """Return a language by its code; that of the site, if the site has it no more, or there is no code."""
        code = code or self._settings.language_code
        return ENGLISH if code == ENGLISH.code else self._languages.find(code) or self._languages.default

    @cached_property
    def _languages(self) -> Languages:
        settings = self._settings
        folders = locale_folders(settings.base_dir, settings.plugins)
        return Languages.load(settings.languages, settings.language_code, folders)


async def language_for(session: AsyncSession, user: User, usual: Language | None = None) -> Language:
    """Return the language in which to write to a user: `usual`, or that of the page that asks, if they chose none."""
    context = context_of(session)
    languages = MailLanguages(context.settings)
    for find in context.extensions("auth.language"):
        if code := await find(session, user):
            return languages.find(code)
    return usual or (active_language() if asked_in() else languages.find(""))


def asked_in() -> str:
    """Return the code of the language of the page that asks; nothing, where the API, a command or a task does."""
    language = active_language()
    return "" if language is ENGLISH else language.code
