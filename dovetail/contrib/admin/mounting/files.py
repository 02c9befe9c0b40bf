"""Serve static files: the site's own folder takes precedence over those of the framework."""

import os
from pathlib import Path

from starlette.staticfiles import StaticFiles


class SiteFiles(StaticFiles):
    """The static files of a plugin; those in the site's folder take precedence (`project/static/admin/admin.css`)."""

    def __init__(
        self, site_folder: Path, *, directory: Path | None = None, packages: list[str | tuple[str, str]] | None = None
    ) -> None:
        self._site_folder = site_folder
        super().__init__(directory=directory, packages=packages)

    def get_directories(
        self, directory: "str | os.PathLike[str] | None" = None, packages: list[str | tuple[str, str]] | None = None
    ) -> "list[str | os.PathLike[str]]":
        """Return the folders to search for files, the site's first; it need not exist."""
        return [self._site_folder, *super().get_directories(directory, packages)]
