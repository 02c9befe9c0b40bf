"""`@display`: the heading, order and empty value of a computed column."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from dovetail.contrib.admin.columns.attributes import name_of

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])
MARK = "shown_as"


@dataclass(frozen=True, kw_only=True)
class Display:
    """The options of `@display` for a function, a method or the getter of a property."""

    description: str | None = None
    ordering: str | None = None
    boolean: bool = False
    empty_value: str | None = None


def display(
    *, description: str | None = None, ordering: object = None, boolean: bool = False, empty_value: str | None = None
) -> Callable[[FunctionT], FunctionT]:
    """Set how the result of a function is shown in `list_display` and `readonly_fields`.

        class PostAdmin(ModelAdmin, model=Post):
            list_display = ("title", "words", "is_recent")

            @display(description="Words", ordering="length", empty_value="none yet")
            def words(self, post: Post) -> int | None: ...

    `ordering` is the column, or the path to one, by which the list is sorted by this column; without it, it is not
    sortable. `boolean` shows a mark for yes and no, and `empty_value` is shown for None. It works for methods of the
    view, for functions, and below `@property` for properties of the model. Raise TypeError if both `boolean` and
    `empty_value` are given, as in Django.
    """
    if boolean and empty_value is not None:
        raise TypeError("display takes boolean or empty_value, and not both: a mark stands for no as well as for None")
    said = Display(
        description=description,
        ordering=None if ordering is None else name_of(ordering),
        boolean=boolean,
        empty_value=empty_value,
    )

    def decorate(function: FunctionT) -> FunctionT:
        setattr(function, MARK, said)
        return function

    return decorate


def display_of(function: object) -> Display:
    """Return the options of `@display` for a function, a method or a property; defaults if it has none."""
    found = getattr(function.fget if isinstance(function, property) else function, MARK, None)
    return found if isinstance(found, Display) else Display()
