"""The site with the tutorial's polls, and with a plugin whose inlines are of every kind."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.settings import Settings
from dovetail.testing.databases import TestDatabases, migrate_site
from dovetail.testing.fixtures import running
from tests.contrib.admin.polls.models import Choice, PollsBase, Question
from tests.tables import make_tables

MORE = ("tests.contrib.admin.polls",)


@pytest.fixture
def database_url(database_kind: str, settings_class: type[Settings], _databases: TestDatabases) -> Iterator[str]:
    """That of the site, with the tables of the two plugins."""

    def fill(url: str) -> None:
        migrate_site(settings_class, url)
        make_tables(url, PollsBase)

    with _databases.copied(database_kind, (settings_class, MORE), fill) as url:
        yield url


@pytest.fixture
def settings(make_settings: Callable[..., Settings], settings_class: type[Settings], database_url: str) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, *MORE)
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        yield app


@pytest.fixture
async def boss(make_user):
    return await make_user(username="boss", is_superuser=True)


@pytest.fixture
async def office(boss, back_office_for) -> BackOffice:
    return await back_office_for(boss)


@pytest.fixture
async def question(session) -> Question:
    question = Question(question_text="What's up?", pub_date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    question.choices = [Choice(choice_text="Not much", votes=2), Choice(choice_text="The sky")]
    session.add(question)
    await session.commit()
    return question
