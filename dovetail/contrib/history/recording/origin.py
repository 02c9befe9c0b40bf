"""Find the origin of a change: its author, entry point and address, from the current request or command."""

from collections.abc import Mapping

import click

from dovetail.contrib.auth.events.origin import account_ref_of, current_client
from dovetail.contrib.history.models import MAXIMUM_NAME, MAXIMUM_VIA, ChangeSource
from dovetail.contrib.history.recording.lines import PLACEHOLDERS
from dovetail.state import ACTOR, CHANGE_SOURCE, CREDENTIAL, IMPERSONATOR, current_scope

UNDOES = "dovetail.history.undoes"  # key in the request's scope: the change being undone, "undoes change 12"
IMPORTS = ("load", "import")  # commands whose names begin so count as imports


def origin_values() -> Mapping[str, object]:
    """Return the parameters for the origin in the log's INSERTs."""
    scope = current_scope.get()
    source, via = _of_command() if scope is None else _of_request(scope)
    actor = account_ref_of(None if scope is None else scope.get(ACTOR))
    address, request_id = current_client()
    values = (source.value, via[:MAXIMUM_VIA], actor.id, actor.name[:MAXIMUM_NAME], address, request_id)
    return dict(zip(PLACEHOLDERS.values(), values, strict=True))


def _of_request(scope: Mapping[str, object]) -> tuple[ChangeSource, str]:
    named, credential = scope.get(CHANGE_SOURCE), scope.get(CREDENTIAL)
    source = ChangeSource.REST if named is None else ChangeSource(str(named))
    others = [str(one) for one in (scope.get(IMPERSONATOR), scope.get(UNDOES)) if one]
    if credential:
        others.insert(0, str(credential))
    return source, ", ".join(others)


def _of_command() -> tuple[ChangeSource, str]:
    command = click.get_current_context(silent=True)
    name = None if command is None else command.info_name
    if not name:
        return ChangeSource.CODE, ""
    return ChangeSource.IMPORT if name.startswith(IMPORTS) else ChangeSource.COMMAND, name
