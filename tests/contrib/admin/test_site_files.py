"""A site's own templates and files win over those of the back office."""

from pathlib import Path

import pytest

from dovetail.application import make_application
from dovetail.testing.fixtures import make_client, running

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def test_templates_and_files_of_the_project_win_and_the_others_stay(make_settings, database_url, tmp_path: Path):
    for name, text in {
        "templates/sqladmin/login.html": "our own login",
        "static/admin/admin.css": "body { color: red }",
        "static/admin/logo.svg": "<svg/>",
        "static/sqladmin/css/main.css": "ours",
    }.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = make_settings(database_url=database_url, base_dir=tmp_path)
    async with running(make_application(settings)) as app, make_client(app) as client:
        assert (await client.get("/admin/login")).text == "our own login"
        assert (await client.get("/admin/assets/admin.css")).text == "body { color: red }"
        assert (await client.get("/admin/assets/logo.svg")).text == "<svg/>"
        assert (await client.get("/admin/statics/css/main.css")).text == "ours"
        assert (await client.get("/admin/assets/admin.js")).status_code == 200
        assert (await client.get("/admin/statics/css/tabler.min.css")).status_code == 200
        assert (await client.get("/admin/assets/../../secret")).status_code == 404
