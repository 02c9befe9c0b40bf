"""Decide who may do what in the back office (`may`), and who may know of which rows (`Rights`).

A relation shows, finds, sorts by and takes what its target's own view would list; a model without a view is open.
"""

from collections.abc import Iterable, Mapping

from sqladmin import BaseView
from sqladmin.authorization import AuthorizationBackend
from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, tuple_
from sqlalchemy.sql.visitors import iterate
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.auth.models import User
from dovetail.database.drivers.sqlalchemy_private import conditions_of, kept_as_it_stands
from dovetail.errors import NotAuthenticatedError
from dovetail.resources.query.paths import Criteria, Path
from dovetail.state import StateKey

USER = StateKey[User | None]("user", "nobody is logged in")  # of a request; read it by `user_of`
RIGHTS = StateKey["Rights"]("dovetail_admin_rights", "nobody is logged in")  # of a request; read it by `rights_of`
EVERYTHING: ColumnElement[bool] = true()
NOTHING: ColumnElement[bool] = false()


def may(user: User, view: BaseView, action: str, obj: object | None = None) -> bool:
    """Return True if `user` has the permission that `action` takes on a view, or there on `obj` alone.

    Actions are `list`, `details`, `create`, `edit`, `delete`, `export`, `import` and `action:<name>`. A page that is no
    view of a model takes its `permission_required`, or else nothing but to be let in. Asked once a row, so it does not
    read the database.
    """
    del obj
    if not (user.is_active and user.is_staff):
        return False
    if isinstance(view, ViewBase):
        return any(map(user.has_perm, view.permissions_for(action)))
    needed: str | None = getattr(view, "permission_required", None)
    return needed is None or user.has_perm(needed)


def user_of(request: Request) -> User:
    """Return the user who is logged in: for `rows`, actions and hooks of views.

    Raise NotAuthenticatedError where nobody is, as on the page that logs in.
    """
    user = USER.find(request)
    if user is None:
        raise NotAuthenticatedError
    return user


class Authorization(AuthorizationBackend):
    """Asks `may` about the user of the request; without one the answer is no."""

    def __init__(self) -> None:
        self.views: Mapping[str, BaseView] = {}  # by identity

    def has_permission(self, request: Request, identity: str, action: str, obj: object | None = None) -> bool:
        """Return whether the user of this request may do it."""
        user = USER.find(request)
        view = self.views.get(identity)
        return user is not None and view is not None and may(user, view, action, obj)


class Rights:
    """Knows which rows the user of a request may know of; `listable` are the views they may list, `others` the rest."""

    def __init__(self, request: Request, listable: Iterable[ViewBase], others: Iterable[ViewBase]) -> None:
        self._request = request
        self._listable = tuple(listable)
        self._all = (*self._listable, *others)
        self._conditions: dict[type[object], ColumnElement[bool]] = {}
        self._views: dict[type[object], ViewBase | None] = {}

    def visible(self, model: type[object]) -> ColumnElement[bool]:
        """Return the condition on rows of `model` that the user may know of them; EVERYTHING or NOTHING are two."""
        if model not in self._conditions:
            self._conditions[model] = self._find(model)
        return self._conditions[model]

    def criteria(self, path: Path) -> Criteria:
        """Return which rows the relations of a path may lead to, where those are not all."""
        found: dict[str, ColumnElement[bool]] = {}
        names: list[str] = []
        for relation in path.relations:
            names.append(relation.key)
            visible = self.visible(relation.property.mapper.class_)
            if visible is not EVERYTHING:
                found[".".join(names)] = visible
        return found

    def view_of(self, model: type[object]) -> ViewBase | None:
        """Return the view in which the user may look at a row of `model`; of several, one that shows all rows first."""
        if model not in self._views:
            views = [view for view in _nearest(model, self._all) if view in self._listable]
            complete = (view for view in views if self._listed(view, model) is EVERYTHING)
            self._views[model] = next(complete, views[0] if views else None)
        return self._views[model]

    def only_visible(self, statement: AnySelect) -> AnySelect:
        """Keep what the user may know of in a statement that reads columns of models, as filters do for choices."""
        for column in statement.column_descriptions:
            if isinstance(column["entity"], type):
                statement = statement.where(self.visible(column["entity"]))
        return statement

    def _find(self, model: type[object]) -> ColumnElement[bool]:
        views = _nearest(model, self._all)
        if not views:
            return EVERYTHING
        conditions = [self._listed(view, model) for view in views if view in self._listable]
        if any(condition is EVERYTHING for condition in conditions):
            return EVERYTHING
        return or_(*conditions) if conditions else NOTHING

    def _listed(self, view: ViewBase, model: type[object]) -> ColumnElement[bool]:
        return listed(view.rows(self._request), view.model, model)


async def load_rights(request: Request, views: Iterable[ViewBase]) -> None:
    """Find out which views the user of `request` may list."""
    listable: list[ViewBase] = []
    others: list[ViewBase] = []
    for view in views:
        may_list = view.is_accessible(request) and await view.check_can_list(request)
        (listable if may_list else others).append(view)
    RIGHTS.set(request, Rights(request, listable, others))


def rights_of(request: Request) -> Rights:
    """Return what the user of `request` may know of. Raise ConfigurationError where nobody is logged in."""
    return RIGHTS.get(request)


def listed(rows: AnySelect, model: type[object], target: type[object]) -> ColumnElement[bool]:
    """Return the condition on rows of `target`, which is `model` or a subclass, that `rows` selects them."""
    criteria = conditions_of(rows)
    if rows.order_by(None).compare(select(model).where(*criteria).order_by(None)):
        if not criteria:
            return EVERYTHING
        if model is target and not any(isinstance(part, Select) for one in criteria for part in iterate(one)):
            return and_(*criteria)
    # Joins, limits and whatever else cannot stand in a condition: ask for the keys, in a subquery that stands alone.
    keys = kept_as_it_stands(rows.with_only_columns(*primary_keys(model), maintain_column_froms=True).correlate(None))
    own = primary_keys(target)
    return own[0].in_(keys) if len(own) == 1 else tuple_(*own).in_(keys)


def _nearest(model: type[object], views: Iterable[ViewBase]) -> list[ViewBase]:
    """Return the views of `model`, or else those of the closest class that it derives from."""
    known = list(views)
    for cls in model.__mro__:
        if found := [view for view in known if view.model is cls]:
            return found
    return []
