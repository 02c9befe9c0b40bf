"""The part of pydantic's making of JSON schemas that is leaned on and not documented.

tests/api/openapi/test_pydantic_private.py fails when it changes.

To name the components of a document pydantic looks which of the schemas that could have a name are the same, again and
again until nothing changes, and makes of each what can be compared: of one that is alone with its name too, which
nearly all are. That was a fifth of the document's time.
"""

from collections.abc import Iterable

from pydantic import json_schema
from pydantic.config import JsonDict

deduplicate = json_schema._deduplicate_schemas  # noqa: SLF001 - there is no public name for it


def distinct(schemas: Iterable[JsonDict]) -> list[JsonDict]:
    """Return schemas without those that say the same as another."""
    found = list(schemas)
    return deduplicate(found) if len(found) > 1 else found


json_schema._deduplicate_schemas = distinct  # noqa: SLF001 - see above
