"""A site with the cabinet, of which each paper and each field has its rule."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from fastapi import FastAPI

from dovetail.application import make_application
from dovetail.contrib.admin.testing import BackOffice
from dovetail.contrib.auth.models import Permission, User
from dovetail.contrib.auth.permissions import grants
from dovetail.settings import Settings
from dovetail.testing.fixtures import running
from tests.contrib.admin.cabinet.models import CabinetBase, Folder, Paper

VERBS = ("view", "add", "change", "delete")
PERMISSIONS = {f"cabinet.{verb}_{model}" for verb in VERBS for model in ("paper", "folder", "clip")}


@pytest.fixture
def settings(make_settings: Callable[..., Settings], settings_class: type[Settings], database_url: str) -> Settings:
    plugins = (*settings_class.model_fields["plugins"].default, "tests.contrib.admin.cabinet")
    return make_settings(database_url=database_url, plugins=plugins)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(make_application(settings)) as app:
        async with app.state.database.engine.begin() as connection:
            await connection.run_sync(CabinetBase.metadata.create_all)
        yield app


@dataclass
class Cabinet:
    """Papers of each kind that the rules tell apart, of clara and of somebody else."""

    clara: User
    office: BackOffice  # clara's, who may do everything with papers and look at folders
    low: Paper
    mine: Paper
    locked: Paper
    foreign: Paper
    high: Paper
    open: Folder
    closed: Folder


@pytest.fixture
async def cabinet(session, make_user, back_office_for) -> Cabinet:
    session.add_all([Permission(name=name, plugin="cabinet", title=name) for name in sorted(PERMISSIONS)])
    clara = await make_user(username="clara", is_staff=True)
    other = await make_user(username="other", is_staff=True)
    clerks = await grants.create_group(session, "clerks", [f"cabinet.{verb}_paper" for verb in VERBS])
    await grants.join_group(session, clara, clerks)
    await grants.grant(session, clara, ["cabinet.view_folder", "auth.view_user"])
    folders = Folder(name="Open folder"), Folder(name="Closed folder", is_open=False)
    session.add_all(folders)
    await session.flush()
    papers = [
        Paper(title=title, remark=f"zz{remark}", level=level, owner_id=owner.id, folder_id=folders[place].id)
        for title, remark, level, owner, place in (
            ("Low", "alpha", 0, clara, 0),
            ("Mine", "beta", 1, clara, 1),
            ("Locked", "gamma", 5, clara, 0),
            ("Foreign", "delta", 2, other, 0),
            ("High", "omega", 4, other, 0),
        )
    ]
    session.add_all(papers)
    await session.flush()
    papers[0].origin_id, papers[1].origin_id = papers[3].id, papers[4].id
    await session.commit()
    return Cabinet(clara, await back_office_for(clara), *papers, *folders)
