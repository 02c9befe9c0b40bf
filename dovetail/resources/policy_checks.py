"""Check policies: mistakes with which a site does not start, and warnings of `manage.py check`.

A site does not start if a resource has another policy than the one registered for its model, if a policy names a field
that does not exist, or if it may hide what a schema requires.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import get_args

from sqlalchemy import ClauseElement, SQLColumnExpression, inspect
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.resources.conditions import is_always
from dovetail.resources.declaration.declared import ADD, CHANGE, DELETE, VIEW
from dovetail.resources.policies.closed import Closed
from dovetail.resources.policies.registered import Policies, is_internal, registered_policy
from dovetail.resources.policy import Policy, ReadOnly
from dovetail.resources.spec import Spec
from dovetail.resources.sql.node_building import required_objects


def policy_problems(specs: Iterable[Spec], policies: Policies) -> Iterator[str]:
    """Yield the mistakes with which the site does not start."""
    specs = list(specs)
    for spec in specs:
        registered = policies.of(spec.model)
        if not isinstance(registered, Closed) and spec.policy is not registered:
            yield (
                f"{spec.singular}: its policy is a {type(spec.policy).__name__}, and for {spec.model.__name__} another "
                f"object is registered, a {type(registered).__name__}: give the resource that one"
            )
        if is_internal(spec.model) and isinstance(spec.policy, Closed):
            yield (
                f"{spec.singular}: {spec.model.__name__} is internal, so there is no permission to ask for: give the "
                "resource a policy, or take the model out of internal_models"
            )
        yield from _nested_for_others(spec)
        yield from _impossible(spec)
    for model, policy in {**policies.registered, **{spec.model: spec.policy for spec in specs}}.items():
        yield from _unknown_names(model, policy, [spec for spec in specs if spec.model is model])
        yield from _bad_conditions(policy)


def unregistered(specs: Iterable[Spec], policies: Policies) -> Iterator[tuple[str, str, str]]:
    """Yield the models without a registered policy: a code, the warning and what to write."""
    for spec in specs:
        name, model = spec.singular, spec.model.__name__
        if isinstance(spec.policy, Closed):
            permission = f"view_{model.lower()}"
            what = (
                f"{name}: no policy says who may see and change what: it is for staff with the permission {permission}"
            )
            yield "kernel.W006", what, f"give the resource a policy, registered by Plugin(policies=lazy({model}=...))"
        elif not policies.is_registered(spec.model):
            what = f"{name}: {type(spec.policy).__name__} decides here alone; elsewhere {model} has no policy"
            yield "kernel.W007", what, f"register it: Plugin(policies=lazy({model}='...:THE_POLICY'))"
        for path, target in spec.access.targets.items():
            if not policies.is_registered(target) and path not in spec.policy.related(None):
                what = f"{name}: {path} shows rows of {target.__name__}, which has no policy, to all who see the {name}"
                yield "kernel.W008", what, f"register one for {target.__name__}, or name {path!r} in `related`"


def revealing_links(specs: Iterable[Spec], policies: Policies) -> Iterator[tuple[str, str, str]]:
    """Yield `links` whose rows may be hidden and have counted keys: a new key tells that there was no such row."""
    for spec in specs:
        readers = spec.reader, spec.list_reader, spec.written_reader
        shown = {path for reader in readers for _, path in reader.node.paths()}
        for name, find in spec.links.items():
            target = inspect(spec.model).relationships[name].mapper.class_
            key = inspect(target).primary_key[0]
            counts = key.table.autoincrement_column is key and key.default is None
            is_told = f"{name}.{inspect(target).get_property_by_column(key).key}" in shown
            if isinstance(find, InstrumentedAttribute) and counts and is_told and _hides(policies.of(target)):
                made = target.__name__
                what = (
                    f"{spec.singular}: links makes each {made} that is named and not there, the policy hides some, and "
                    "their keys are counted up: that of a new one tells that there was none"
                )
                yield "kernel.W039", what, f"derive {made} from RandomIdMixin, or leave its key out of answers"


def _hides(policy: Policy) -> bool:
    """Return True unless a policy shows all rows to an anonymous viewer."""
    try:
        return not is_always(policy.where(None, "view"))
    except Exception:  # noqa: BLE001 - it needs a viewer
        return True


def _nested_for_others(spec: Spec) -> Iterator[str]:
    """Yield the nested rows whose policy decides for viewers of another class."""
    for name in spec.nested:
        model = spec.model
        for step in name.split("."):
            model = inspect(model).relationships[step].mapper.class_
        policy = registered_policy(model)
        own, other = _viewer(spec.policy), None if policy is None else _viewer(policy)
        if isinstance(own, type) and isinstance(other, type) and not issubclass(own, other):
            yield (
                f"{spec.singular}: the policy of {name!r} decides for a {other.__name__}, and who writes here is a "
                f"{own.__name__}: leave it out of nested"
            )


def _impossible(spec: Spec) -> Iterator[str]:
    if type(spec.policy).related is not Policy.related:
        return  # it decides itself about related rows
    for reader in dict.fromkeys((spec.reader, spec.list_reader, spec.written_reader)):
        for path, schema, target in required_objects(reader.node):
            policy = spec.access.policies.get(path)
            if policy is not None and not isinstance(policy, ReadOnly):
                yield (
                    f"{spec.singular}: the policy of {target.__name__} may hide {path!r}, so {schema} has to "
                    f"allow null, or {type(spec.policy).__name__}.related to say {{{path!r}: true()}}"
                )
    for path, policy in spec.access.policies.items():
        own, other = _viewer(spec.policy), _viewer(policy)
        if isinstance(own, type) and isinstance(other, type) and not issubclass(own, other):
            yield (
                f"{spec.singular}: the policy of {path!r} decides for a {other.__name__}, and who asks here is a "
                f"{own.__name__}: let {type(spec.policy).__name__}.related say who sees {path!r}"
            )


def _viewer(policy: Policy) -> object:
    return get_args(policy.writer)[0]


def _unknown_names(model: type[object], policy: Policy, specs: Iterable[Spec]) -> Iterator[str]:
    schemas = [schema for spec in specs for schema in (spec.create, spec.update, spec.replace) if schema is not None]
    known = {name for spec in specs for name in spec.access.fields}
    written = {name for schema in schemas for name in schema.model_fields}
    for hook, names in (("hidden", known), ("read_only", known | written)):
        for name in sorted(_named(policy, hook)):
            if name not in names and not _leads_somewhere(model, name):
                columns = [*names, *inspect(model).column_attrs.keys()]
                near = get_close_matches(name, columns, n=1)
                hint = (
                    f"; did you mean {near[0]!r}?" if near else f", expected one of {', '.join(sorted(set(columns)))}"
                )
                yield f"{type(policy).__name__}.{hook} names {name!r}, which is no field of {model.__name__}{hint}"


def _named(policy: Policy, hook: str) -> frozenset[str]:
    """Return the fields that a policy names of some viewer or other."""
    if getattr(type(policy), hook) is getattr(Policy, hook):
        return frozenset()
    found: frozenset[str] = frozenset()
    for viewer in policy.sample_viewers():
        try:
            found |= getattr(policy, hook)(viewer)
        except Exception:  # noqa: BLE001, S112 - such a viewer is none that the policy has to know
            continue
    return found


def _bad_conditions(policy: Policy) -> Iterator[str]:
    """Yield what `where` returns for some viewer that is no condition: True, where true() was meant."""
    for viewer in policy.sample_viewers():
        for action in (VIEW, ADD, CHANGE, DELETE):
            try:
                condition: object = policy.where(viewer, action)
            except Exception:  # noqa: BLE001, S112 - such a viewer is none that the policy has to know
                continue
            if not isinstance(condition, ClauseElement | SQLColumnExpression):  # the latter: an attribute of a model
                yield (
                    f"{type(policy).__name__}.where returns {condition!r} for {action!r}, expected a condition in SQL; "
                    "write true() or false() of sqlalchemy"
                )
                return


def _leads_somewhere(model: type[object], name: str) -> bool:
    first, _, rest = name.partition(".")
    relation = inspect(model).relationships.get(first)
    if rest:
        return relation is not None and _leads_somewhere(relation.mapper.class_, rest)
    return hasattr(model, first)
