"""Where only the wheel is installed, a site and a plugin that were started there run, and pass their tests, at once."""

import re
import zipfile

import httpx

from tests.packaging.building import PATIENCE, Fresh, build_wheel
from tests.running import free_port, stop, wait_until_it_answers


def passed(output: str) -> int:
    """Return how many tests passed, if none failed."""
    (found,) = re.findall(r"^=* ?(\d+) passed(?:, \d+ deselected)? in ", output, re.MULTILINE)
    return int(found)


def test_a_started_site_runs_and_passes_its_tests_with_make_alone(fresh: Fresh):
    where = fresh.run("python", "-c", "import dovetail; print(dovetail.__file__)")
    assert where.startswith(str(fresh.folder / "env"))

    fresh.run("dovetail", "startproject", "bakery")
    site = fresh.folder / "bakery"
    port = free_port()
    server = fresh.start("make", "run", f"PORT={port}", cwd=site)
    try:
        wait_until_it_answers(server, port)
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/api/notes/items", timeout=PATIENCE).json()["items"] == []
        assert httpx.get(f"{url}/docs", timeout=PATIENCE).status_code == 200
        assert "Bakery" in httpx.get(f"{url}/admin/", follow_redirects=True, timeout=PATIENCE).text
        assert httpx.get(f"{url}/admin/assets/admin.css", timeout=PATIENCE).status_code == 200
    finally:
        said = stop(server)
    assert "password" in said

    python = str(site / ".venv" / "bin" / "python")
    assert "No changes detected" in fresh.run(python, "manage.py", "makemigrations", "--check", cwd=site)
    fresh.run(python, "manage.py", "migrate", cwd=site)
    fresh.run("make", "check", cwd=site)
    assert passed(fresh.run("make", "test", cwd=site)) == 8


def test_a_plugin_of_its_own_passes_plain_pytest_and_brings_its_files(fresh: Fresh):
    fresh.run("dovetail", "startplugin", "shop", "--package", "--dir", "plugins")
    folder = fresh.folder / "plugins" / "shop"

    assert passed(fresh.run("python", "-m", "pytest", cwd=folder)) == 8
    named_twice = ("python", "-m", "pytest", "-p", "dovetail.testing.plugin", "-k", "sqlite and staff", "tests")
    assert passed(fresh.run(*named_twice, cwd=folder)) == 2
    assert "No changes detected" in fresh.run("python", "manage.py", "makemigrations", "shop", "--check", cwd=folder)

    (folder / "shop" / "templates").mkdir()
    (folder / "shop" / "templates" / "window.html").write_text("<p>Open</p>")
    files = zipfile.ZipFile(build_wheel(folder, fresh.folder / "dist")).namelist()
    assert {"shop/migrations/0001_initial.py", "shop/templates/window.html"} <= set(files)
