"""Read the file of an import, or decrypt the stored table, before the transaction of the page begins."""

from functools import partial

from sqladmin.authorization import Action
from starlette.datastructures import UploadFile
from starlette.requests import Request

from dovetail.contrib.admin.entry.access import open_view
from dovetail.contrib.admin.entry.preparation import Preparation
from dovetail.contrib.admin.importing.files.reading import read_file
from dovetail.contrib.admin.importing.files.sheet import Sheet, UnreadableFileError
from dovetail.contrib.admin.importing.kept_tables import Owner, SealedTable, find_sealed, open_sheet, seal_sheet
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.auth.acting.impersonation import impersonator_of
from dovetail.state import StateKey
from dovetail.translation.texts import gettext

FILE = "file"  # the form field for the file
LONGEST_NAME = 200  # characters
UPLOADED = StateKey[SealedTable | str]("dovetail_admin_uploaded", "no file came")  # or why it is invalid
TABLE = StateKey[Sheet]("dovetail_admin_table", "no table was opened")


def of_upload(site: SiteContext, _request: Request) -> Preparation:
    """Return the preparation that reads the uploaded file, if the user may import it."""
    return Preparation(work=partial(_read_upload, site), check=partial(open_import, site))


def of_table(site: SiteContext, _request: Request) -> Preparation:
    """Return the preparation that decrypts the table of this URL for its owner."""
    return Preparation(work=partial(_read_table, site), check=partial(open_import, site))


def open_import(site: SiteContext, request: Request) -> ModelAdmin:
    """Return the view of this URL for an import. Raise HTTPException (403, 404) as `open_view` does."""
    return open_view(site, request, Action.IMPORT)


def owner_of(site: SiteContext, request: Request) -> Owner:
    """Return the owner of the tables that the pages of this URL store; who acts as another user has their own."""
    user, view = user_of(request), str(request.path_params["identity"])
    impersonator = impersonator_of(user)
    view = view if impersonator is None else f"{view} by {impersonator.id}"  # an identity has no spaces
    return Owner(user_id=user.id, view=view, secret_key=site.secret_key)


async def _read_upload(site: SiteContext, request: Request) -> None:
    file = (await request.form()).get(FILE)
    if not isinstance(file, UploadFile) or not file.filename:
        UPLOADED.set(request, gettext("Choose a file."))
        return
    try:
        sheet = await read_file(file.filename, await file.read(), site.settings.import_rows)
    except UnreadableFileError as error:
        UPLOADED.set(request, error.detail)
        return
    UPLOADED.set(request, await seal_sheet(owner_of(site, request), file.filename[-LONGEST_NAME:], sheet))


async def _read_table(site: SiteContext, request: Request) -> None:
    owner = owner_of(site, request)
    async with site.database.unit_of_work(read_only=True) as session:
        sealed = await find_sealed(session, owner, request.path_params["key"])
    TABLE.set(request, await open_sheet(owner, sealed))
