"""Permissions in the back office: the actions that a user may do (`may`), and the rows that they may view (`Rights`).

A view requires a permission on its model. Then the policy of the model decides about rows and fields, and `rows` of the
view may restrict them further. Related rows can be searched, sorted by and chosen if their own view would list them;
they are also shown if the policy allows it for the relation (`Policy.related`). For a model without a policy, the
permission on the model applies to all rows.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqladmin import BaseView
from sqladmin.authorization import AuthorizationBackend
from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.sql.visitors import iterate
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.rules.fields import FIELDS, Fields
from dovetail.contrib.admin.rules.rules import EVERYTHING, NOTHING, RULES, Rules
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.auth.models import User
from dovetail.database.drivers.sqlalchemy_private_statements import as_plain_subquery, conditions_of
from dovetail.errors import ConfigurationError, NotAuthenticatedError
from dovetail.resources.conditions import is_always, is_never
from dovetail.resources.query.paths import Criteria, Path
from dovetail.state import StateKey
from dovetail.translation.texts import gettext
from dovetail.translation.words import class_in_words

USER = StateKey[User | None]("user", "nobody is logged in")  # of a request; use `user_of`
RIGHTS = StateKey["Rights"]("dovetail_admin_rights", "nobody is logged in")  # of a request; use `rights_of`


def may(user: User, view: BaseView, action: str) -> bool:
    """Return True if `user` has the permission for `action` in a view; policies decide about rows.

    Actions are `list`, `details`, `create`, `edit`, `delete`, `export`, `import` and `action:<name>`. A page without a
    model requires its `permission_required`, or else only access to the back office.
    """
    if not (user.is_active and user.is_staff):
        return False
    if isinstance(view, ViewBase):
        return any(map(user.has_perm, view.permissions_for(action)))
    needed: str | None = getattr(view, "permission_required", None)
    return needed is None or user.has_perm(needed)


def user_of(request: Request) -> User:
    """Return the logged-in user, for `rows`, actions and hooks of views.

    Raise NotAuthenticatedError if nobody is logged in, as on the login page.
    """
    user = USER.find(request)
    if user is None:
        raise NotAuthenticatedError
    return user


def is_permitted(request: Request, view: BaseView, action: str, obj: object | None = None) -> bool:
    """Return whether the user of `request` may do `action` in a view, on `obj` if it is given.

    It is called for each row, so it does not read the database, but uses the results of `Rules.load`.
    """
    user, rules = USER.find(request), RULES.find(request)
    if user is None or not _is_open(user, rules, view, action):
        return False
    if rules is None or not isinstance(view, ViewBase):
        return True
    rule = view.rule_for(rules, action)
    if obj is None or rule == "view":  # a row that the user may not view
        return rule == "view" or rules.where(view.model, rule) is not NOTHING
    return rules.allows(view.model, rule, obj)


class Authorization(AuthorizationBackend):
    """Calls `may` for the user of the request; without a user, permission is denied."""

    def __init__(self) -> None:
        self.views: Mapping[str, BaseView] = {}  # by identity

    def has_permission(self, request: Request, identity: str, action: str, obj: object | None = None) -> bool:
        """Return whether the user of this request may do `action`, on `obj` if it is given."""
        view = self.views.get(identity)
        return view is not None and is_permitted(request, view, action, obj)


class Rights:
    """The rows that the user of a request may view; `listable` are the views that they may list, `others` the rest."""

    def __init__(
        self, request: Request, rules: Rules, fields: Fields, listable: Iterable[ViewBase], others: Iterable[ViewBase]
    ) -> None:
        self._request = request
        self.rules, self.fields = rules, fields
        self.listable = tuple(listable)
        self._all = (*self.listable, *others)
        self._conditions: dict[type[object], ColumnElement[bool]] = {}
        self._views: dict[type[object], ViewBase | None] = {}
        self._beyond: set[type[object]] = set()  # models of which the user may see more rows than they may open

    def visible(self, model: type[object]) -> ColumnElement[bool]:
        """Return the condition on rows of `model` that the user may view; it can be EVERYTHING or NOTHING."""
        if model not in self._conditions:
            self._conditions[model] = self._find(model)
        return self._conditions[model]

    def found(self, model: type[object], names: Sequence[str], target: type[object]) -> ColumnElement[bool]:
        """Return the condition on rows of `target` that the user may search and choose by relations from `model`."""
        visible, related = self.visible(target), self.rules.related(model).get(".".join(names))
        if related is None:
            return visible
        shown = _standalone(target, related)
        return _both(visible, shown) if self.views_of(target) else shown

    def shown(self, model: type[object], names: Sequence[str], target: type[object]) -> ColumnElement[bool]:
        """Return the condition on rows of `target` that relations from `model` show."""
        related = self.rules.related(model).get(".".join(names))
        visible = self.visible(target)
        if related is None or (visible is NOTHING and self.views_of(target)):
            return visible  # `Policy.related` does not replace the permission on the view
        listable = [view for view in self.views_of(target) if view in self.listable]
        narrowed = [
            EVERYTHING if _shows_all(view) else listed(view.rows(self._request), view.model, target)
            for view in listable
        ]
        if visible is not EVERYTHING:
            self._beyond.add(target)
        shown = _standalone(target, related)
        is_narrowed = narrowed and not any(condition is EVERYTHING for condition in narrowed)
        return _both(shown, or_(*narrowed)) if is_narrowed else shown

    def criteria(self, model: type[object], path: Path) -> Criteria:
        """Return the conditions, if any, on the rows to which the relations of a path from `model` may lead."""
        found: dict[str, ColumnElement[bool]] = {}
        names: list[str] = []
        for relation in path.relations:
            names.append(relation.key)
            visible = self.found(model, names, relation.property.mapper.class_)
            if visible is not EVERYTHING:
                found[".".join(names)] = visible
        return found

    def may_link(self, model: type[object]) -> bool:
        """Return whether the user may open the page of every row of `model` that they may view."""
        return model not in self._beyond

    def views_of(self, model: type[object]) -> list[ViewBase]:
        """Return the views of a model, or else those of its closest base class."""
        return _nearest(model, self._all)

    def view_of(self, model: type[object]) -> ViewBase | None:
        """Return a view in which the user may open rows of `model`; of several, one that shows all rows.

        If several do, or none does, the view of the model's own plugin comes first.
        """
        if model not in self._views:
            views = [view for view in self.views_of(model) if view in self.listable]
            views.sort(key=lambda view: not view.is_home)
            complete = (view for view in views if self._listed(view, model) is EVERYTHING)
            self._views[model] = next(complete, views[0] if views else None)
        return self._views[model]

    def searched(self, model: type[object]) -> ViewBase | None:
        """Return the view whose search finds rows of `model`: one with a search that the user may list."""
        views = sorted(self.views_of(model), key=lambda view: view not in self.listable)
        return next((view for view in views if view.search_fields or view.full_text), next(iter(views), None))

    def name_of(self, model: type[object]) -> str:
        """Return the name of a model: that of its view, or derived from its class."""
        views = sorted(self.views_of(model), key=lambda view: not view.is_home)
        return str(views[0].name) if views else gettext(class_in_words(model.__name__))

    def only_visible(self, statement: AnySelect) -> AnySelect:
        """Restrict a statement that reads columns, such as the choices of a filter, to rows that the user may view.

        Raise ConfigurationError if the models that the statement reads cannot be determined.
        """
        entities = {column["entity"] for column in statement.column_descriptions} - {None}
        if not entities or not all(isinstance(entity, type) for entity in entities):
            raise ConfigurationError(
                "A filter asks for choices by a statement that selects no column of a model itself: an alias or a "
                "function alone. Select a column of the model, or run it yourself with shown_rows(request, model)."
            )
        for entity in entities:
            statement = statement.where(self.visible(entity))
        return statement

    def _find(self, model: type[object]) -> ColumnElement[bool]:
        views = self.views_of(model)
        if not views:
            return _standalone(model, self.rules.where(model, "view"))
        conditions = [self._listed(view, model) for view in views if view in self.listable]
        if any(condition is EVERYTHING for condition in conditions):
            return EVERYTHING
        if model is User:  # users may always see themselves, for instance as the author of a post
            conditions.append(User.id == user_of(self._request).id)
        return or_(*conditions) if conditions else NOTHING

    def _listed(self, view: ViewBase, model: type[object]) -> ColumnElement[bool]:
        lists_all = _shows_all(view) and type(view).permitted_rows is ViewBase.permitted_rows
        if lists_all and self.rules.where(view.model, "view") is EVERYTHING:
            return EVERYTHING
        return listed(view.permitted_rows(self._request, self.rules), view.model, model)


async def load_rights(request: Request, rules: Rules, views: Iterable[ViewBase]) -> None:
    """Load the rights of the user of `request`: the views that they may list, and the rules for them."""
    fields = Fields(rules)
    RULES.set(request, rules)
    FIELDS.set(request, fields)
    listable: list[ViewBase] = []
    others: list[ViewBase] = []
    for view in views:
        may_list = view.is_accessible(request) and await view.check_can_list(request)
        (listable if may_list else others).append(view)
    RIGHTS.set(request, Rights(request, rules, fields, listable, others))


def rights_of(request: Request) -> Rights:
    """Return the rights of the user of `request`. Raise ConfigurationError if nobody is logged in."""
    return RIGHTS.get(request)


def listed(rows: AnySelect, model: type[object], target: type[object]) -> ColumnElement[bool]:
    """Return the condition that the statement `rows` selects a row of `target`, which is `model` or a subclass."""
    criteria = conditions_of(rows)
    if rows.order_by(None).compare(select(model).where(*criteria).order_by(None)):
        if not criteria:
            return EVERYTHING
        if model is target and not any(isinstance(part, Select) for one in criteria for part in iterate(one)):
            return and_(*criteria)
    # Joins, limits and so on cannot be part of a condition: compare the keys, in an uncorrelated subquery.
    keys = as_plain_subquery(rows.with_only_columns(*primary_keys(model), maintain_column_froms=True).correlate(None))
    own = primary_keys(target)
    return own[0].in_(keys) if len(own) == 1 else tuple_(*own).in_(keys)


def _is_open(user: User, rules: Rules | None, view: BaseView, action: str) -> bool:
    """Return the result of `may`, which is cached for each view and action of a request."""
    if rules is None:
        return may(user, view, action)
    key = (view, action)
    if key not in rules.view_permissions:
        rules.view_permissions[key] = may(user, view, action)
    return rules.view_permissions[key]


def _shows_all(view: ViewBase) -> bool:
    """Return whether a view shows all rows of its model, without comparing statements."""
    return type(view).rows is ViewBase.rows


def _standalone(model: type[object], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that has the same meaning anywhere in a statement, also in subqueries and for aliases."""
    if is_always(condition) or is_never(condition):
        return EVERYTHING if is_always(condition) else NOTHING
    return listed(select(model).where(condition), model, model)


def _both(one: ColumnElement[bool], other: ColumnElement[bool]) -> ColumnElement[bool]:
    if one is NOTHING or other is NOTHING:
        return NOTHING
    return other if one is EVERYTHING else one if other is EVERYTHING else and_(one, other)


def _nearest(model: type[object], views: Iterable[ViewBase]) -> list[ViewBase]:
    """Return the views of `model`, or else those of its closest base class."""
    known = list(views)
    for cls in model.__mro__:
        if found := [view for view in known if view.model is cls]:
            return found
    return []
