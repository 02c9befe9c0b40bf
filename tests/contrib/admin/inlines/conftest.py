"""The site with the tutorial's polls, and with a plugin whose inlines are of every kind."""

from datetime import UTC, datetime

import pytest

from config.settings import Settings
from tests.contrib.admin.conftest import More
from tests.contrib.admin.festival.models import Band, Booking, Festival, FestivalBase, Slot, Stage
from tests.contrib.admin.polls.models import Choice, PollsBase, Question

MORE: More = {"tests.contrib.admin.polls": PollsBase, "tests.contrib.admin.festival": FestivalBase}


class FestivalSettings(Settings):
    """The site with both plugins, for a server in its own process."""

    plugins: tuple[str, ...] = (*Settings.model_fields["plugins"].default, *MORE)


@pytest.fixture
def more() -> More:
    return MORE


@pytest.fixture
async def question(session) -> Question:
    question = Question(question_text="What's up?", pub_date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    question.choices = [Choice(choice_text="Not much", votes=2), Choice(choice_text="The sky")]
    session.add(question)
    await session.commit()
    return question


@pytest.fixture
async def festival(session) -> Festival:
    """With two stages, of which the first has two slots, and three bookings, one of them secret."""
    festival = Festival(name="Open Fields")
    bands = [Band(name=name) for name in ("The Loud", "The Quiet", "The Unknown")]
    session.add_all([festival, *bands])
    await session.flush()
    stages = [Stage(festival_id=festival.id, name=name, place=place) for place, name in ((1, "Main"), (2, "Tent"))]
    session.add_all(stages)
    await session.flush()
    session.add_all([Slot(stage_id=stages[0].id, hour=hour) for hour in (20, 22)])
    fees = zip(bands, (50, 5000, 70), (False, False, True), strict=True)
    session.add_all(
        [Booking(festival_id=festival.id, band_id=band.id, fee=fee, is_secret=secret) for band, fee, secret in fees]
    )
    await session.commit()
    return festival


@pytest.fixture
def edit(app, question) -> str:
    """Where the form of the question is, below the back office."""
    root = app.url_path_for("admin:index").removesuffix("/")
    return str(app.url_path_for("admin:edit", identity="polls/question", pk=str(question.id))).removeprefix(root)
