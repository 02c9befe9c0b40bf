"""Find who changed an object last, for the message about a form whose object was changed while it was being edited."""

from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.pages.extras import LastChange, ObjectOfPage
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.history.keys import written_key
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.objects import changes_of, relations_of
from dovetail.contrib.history.recording.log import history_log

LOOKED_AT = 20  # how many of the latest changes are examined


async def find_last_change(request: Request, shown: ObjectOfPage) -> LastChange | None:
    """Return the author and time of the last change that the user may read; None if there is none."""
    session, model = request_context().session, shown.view.model
    labels = history_log(session).recorded.labels_of(model)
    key = written_key(primary_keys(model), shown.pk)
    found = await session.scalars(changes_of(labels, key, with_gone=False).limit(LOOKED_AT))
    for row in found:
        if row.actor_name and _is_readable(request, model, row):
            return LastChange(row.actor_name, row.actor_id, row.created_at)
    return None


def _is_readable(request: Request, model: type[object], row: RecordedChange) -> bool:
    fields, relations = fields_of(request), relations_of(model)
    written = {*row.before, *row.after}.difference(relations)
    return any(not fields.is_hidden(model, name) for name in written)
