"""Choose the language of e-mails: the one the recipient chose, or else that of the page that caused the e-mail.

An async function at the extension point `auth.language` returns the language that a user chose:

    Plugin(..., extensions={"auth.language": lazy("plugins.crm.people:language_of")})

    async def language_of(session: AsyncSession, user: User) -> str: ...  # "de", or "" if they chose none

Without a page, for instance in the API, a command or a task, the language of the site is used, LANGUAGE_CODE.
"""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.plugin import context_of
from dovetail.settings import Settings
from dovetail.translation.catalogs import ENGLISH, Language, Languages, locale_folders
from dovetail.translation.texts import active_language


class MailLanguages:
    """The languages of a site. Catalogs are loaded for the first e-mail in another language than English."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def find(self, code: str) -> Language:
        """Return a language by its code; the site's default if the code is empty or unknown."""
        code = code or self._settings.language_code
        return ENGLISH if code == ENGLISH.code else self._languages.find(code) or self._languages.default

    @cached_property
    def _languages(self) -> Languages:
        settings = self._settings
        folders = locale_folders(settings.base_dir, settings.plugins)
        return Languages.load(settings.languages, settings.language_code, folders)


async def language_for(session: AsyncSession, user: User, usual: Language | None = None) -> Language:
    """Return the language for e-mails to a user: the one they chose, or else `usual` or that of the current page."""
    context = context_of(session)
    languages = MailLanguages(context.settings)
    for find in context.extensions("auth.language"):
        if code := await find(session, user):
            return languages.find(code)
    return usual or (active_language() if page_language() else languages.find(""))


def page_language() -> str:
    """Return the code of the language of the current page; "" in the API, a command or a task."""
    language = active_language()
    return "" if language is ENGLISH else language.code
