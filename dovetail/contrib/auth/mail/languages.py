"""Write mail in the language of whoever asked for it, which its row keeps: it is sent by no request."""

from functools import cached_property

from dovetail.settings import Settings
from dovetail.translation.catalogs import ENGLISH, Language, Languages, locale_folders


class MailLanguages:
    """Knows the languages of a site; its catalogs are read when the first mail is no English one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def find(self, code: str) -> Language:
        """Return a language by its code; English, if the site has it no more."""
        return ENGLISH if code in {"", ENGLISH.code} else self._languages.known.get(code, ENGLISH)

    @cached_property
    def _languages(self) -> Languages:
        settings = self._settings
        folders = locale_folders(settings.base_dir, settings.plugins)
        return Languages.load(settings.languages, settings.language_code, folders)
