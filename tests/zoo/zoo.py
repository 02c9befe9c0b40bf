"""All animals, and the plugin of those that live on one kind of database."""

import os
import re
import sqlite3

from fastapi import APIRouter

from dovetail.plugin import Plugin
from dovetail.resources.resource import Open, Resource
from tests.zoo import choices, documents, keys, numbers, own_types, postgresql_types, texts, times, tricks
from tests.zoo.animal import Animal, ZooBase

ANIMALS: tuple[Animal, ...] = tuple(
    animal
    for module in (numbers, texts, times, choices, documents, postgresql_types, own_types, keys, tricks)
    for animal in module.ANIMALS
)

# Of PostgreSQL. The server of the tests has none; for another, these say which its template has, and its version.
EXTENSIONS = tuple(os.environ.get("ZOO_EXTENSIONS", "").split())
POSTGRESQL = int(os.environ.get("ZOO_POSTGRESQL", "18"))


def living_on(kind: str) -> list[Animal]:
    """The animals of a kind of database; those that need an extension, or a newer database, only where it is there."""
    here = [one for one in ANIMALS if kind in one.on and (not one.extension or one.extension in EXTENSIONS)]
    if kind == "postgresql":
        return [one for one in here if one.postgresql_since <= POSTGRESQL]
    return [one for one in here if one.sqlite_since <= sqlite3.sqlite_version_info]


def resource_of(animal: Animal) -> Resource:
    """The resource of an animal: schemas from the model, and all that a list can be asked."""
    compares = ("value",) if animal.is_compared else ()
    return Resource(
        model=animal.model,
        name=animal.name.lower(),
        plural=animal.name.lower(),
        fields=animal.fields,
        policy=Open(),
        filters={"value": ("exact", "in", "gte", "isnull") if compares else ("isnull",)},
        ordering=(*compares, *animal.fields_of_key),
    )


def router_of(animal: Animal) -> str:
    """The name of the router of an animal, which all of its group share."""
    return "_".join(re.findall("[a-z]+", animal.group.lower()))


def zoo_plugin(kind: str) -> Plugin:
    """The plugin; its resources are those that REST does not refuse, with a router for those of a group."""
    animals = living_on(kind)
    routers = {router_of(one): APIRouter(prefix="/zoo", tags=["zoo"]) for one in animals}
    for animal in animals:
        if "rest" not in animal.refused:
            routers[router_of(animal)].include_router(resource_of(animal).router)
    models = {animal.model: None for animal in animals}
    for mapper in ZooBase.registry.mappers:  # the bases of those that inherit
        own = mapper.class_
        if issubclass(own, ZooBase) and any(issubclass(one, own) for one in models):
            models[own] = None
    return Plugin(name="zoo", models=tuple(models), routers=routers)
