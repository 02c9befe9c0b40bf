"""Find the storage and the columns of a site's files."""

from dovetail.contrib.auth.user_policies import decides_for_users
from dovetail.contrib.media.settings import MediaSettings
from dovetail.errors import ConfigurationError
from dovetail.files.images import MISSING, has_pillow
from dovetail.files.media import FileColumn, Media, find_columns
from dovetail.files.storage import FileSystemStorage, Storage
from dovetail.plugin import Context
from dovetail.signing import Signer

STORAGES = "media.storages"  # the extension point: one function of a context that returns a Storage


def open_media(context: Context) -> Media:
    """Return what a site knows of its files. Raise ConfigurationError for what could not work, all of it at once."""
    columns = find_columns(model for plugin in context.plugins for model in plugin.models)
    own, path = settings_of(context), context.paths.get("media.files", "")  # which commands do not know
    problems = [*_find_unfit(columns, context, is_served=path is not None)]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return Media(
        storage=_storage(context, own),
        path=path or "",
        max_pixels=own.max_pixels,
        signer=Signer(context.settings.secret_key, "media.upload"),
        columns=_by_key(columns),
    )


def settings_of(context: Context) -> MediaSettings:
    """Return the plugin's settings."""
    own = context.plugin_settings["media"]
    if not isinstance(own, MediaSettings):
        raise ConfigurationError("The plugin 'media' has no MediaSettings.")
    return own


def _by_key(columns: list[FileColumn]) -> dict[tuple[str, str], FileColumn]:
    """Return columns by what keys begin with: of a model and of those that inherit it, that of the model itself."""
    found: dict[tuple[str, str], FileColumn] = {}
    for one in columns:
        known = found.setdefault((one.table, one.column), one)
        if issubclass(known.model, one.model):
            found[one.table, one.column] = one
    return found


def _storage(context: Context, own: MediaSettings) -> Storage:
    offered = context.extensions(STORAGES)
    if not offered:
        return FileSystemStorage(context.settings.base_dir / own.root)
    if len(offered) > 1:
        raise ConfigurationError(f"{len(offered)} plugins bring a storage of files ({STORAGES}), expected one at most")
    made = offered[0](context)
    if not isinstance(made, Storage):
        raise ConfigurationError(f"{STORAGES} made {made!r}, expected a Storage of dovetail.files.columns")
    return made


def _find_unfit(columns: list[FileColumn], context: Context, *, is_served: bool) -> list[str]:
    problems, owners = [], _by_key(columns)
    for one in columns:
        called, most = f"{one.model.__name__}.{one.name}", context.settings.max_body_size
        if one.type.is_image and not has_pillow():
            problems.append(f"{called} holds images. {MISSING}")
        if one.type.max_size > most:
            problems.append(
                f"{called} takes files of {one.type.max_size:,} bytes, but MAX_BODY_SIZE is {most:,}; "
                "raise it, or lower max_size"
            )
        if not one.type.public and not decides_for_users(context.policies.of(one.model)):
            problems.append(f"{called}: the policy of its model decides for others than users; say public=True")
        owner = owners[one.table, one.column].model
        if not issubclass(one.model, owner):
            problems.append(
                f"{called} holds files under the same keys as {owner.__name__}, {one.table}/{one.column}; declare the "
                "column on a model that both inherit, or call the table or the column otherwise"
            )
        if not is_served:
            problems.append(f"{called} holds files, which the site mounts nowhere; give 'media.files' a path")
    return problems
