"""The source of a field of an answer, where it is not the attribute of its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import ColumnElement

# A function that makes an SQL expression on a model's columns for the viewer: `def favorited(viewer: User | None): ...`
Build: TypeAlias = Callable[..., ColumnElement[object]]


@dataclass(frozen=True)
class From:
    """Say where a field of an answer comes from: `image: Annotated[str | None, From("profile__image")]`.

    A text is the name of another attribute, or a path over relations to a column, as filters write it: what leads to
    one row is flattened (`profile__image`, which is null where there is none), what leads to several is a list of
    values (`tag_list: Annotated[list[str], From("tags__name")]`). A function is given the viewer and returns an
    expression on the columns of the model; it becomes part of the statement that reads:

        def is_mine(viewer: User | None) -> ColumnElement[bool]:
            return false() if viewer is None else Post.author_id == viewer.id

        mine: Annotated[bool, From(is_mine)]

    It may look at nothing of the viewer but what the policy's `viewer_values` have, as `where` of a policy.
    """

    source: str | Build
