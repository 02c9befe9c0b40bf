"""Know of a change who makes it, by which door, and from where: of the request that is answered, or of a command."""

from collections.abc import Mapping

import click

from dovetail.contrib.auth.events.origin import current_origin
from dovetail.contrib.history.models import MAXIMUM_NAME, MAXIMUM_VIA, ChangeDoor
from dovetail.contrib.history.recording.lines import PLACEHOLDER
from dovetail.state import CREDENTIAL, DOOR, IMPERSONATOR, current_scope

UNDOES = "dovetail.history.undoes"  # in the scope of a request: what it undoes, "undoes change 12"
IMPORTS = ("load", "import")  # how the names of commands begin that bring rows from elsewhere


def origin_values() -> Mapping[str, object]:
    """Return what fills the placeholders of the log's INSERTs."""
    scope = current_scope.get()
    if scope is None:
        door, via = _of_command()
    else:
        door = ChangeDoor(str(scope.get(DOOR, ChangeDoor.REST)))
        said = (scope.get(CREDENTIAL), scope.get(IMPERSONATOR), scope.get(UNDOES))
        via = ", ".join(str(one) for one in said if one)
    origin = current_origin()
    return {
        f"{PLACEHOLDER}door": door,
        f"{PLACEHOLDER}via": via[:MAXIMUM_VIA],
        f"{PLACEHOLDER}actor_id": origin.actor.id,
        f"{PLACEHOLDER}actor_name": origin.actor.name[:MAXIMUM_NAME],
        f"{PLACEHOLDER}address": origin.address,
        f"{PLACEHOLDER}request_id": origin.request_id,
    }


def _of_command() -> tuple[ChangeDoor, str]:
    command = click.get_current_context(silent=True)
    name = None if command is None else command.info_name
    if not name:
        return ChangeDoor.CODE, ""
    return ChangeDoor.IMPORT if name.startswith(IMPORTS) else ChangeDoor.COMMAND, name
