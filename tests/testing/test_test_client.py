"""The client that FastAPI's own documentation teaches works in a site's tests, where warnings are errors."""

import subprocess
import sys

from fastapi.testclient import TestClient

from dovetail.application import make_application


def test_it_drives_a_site(make_settings):
    with TestClient(make_application(make_settings(plugins=(), database_url="sqlite:///:memory:"))) as client:
        assert client.get("/health/live").json() == {"status": "ok"}


def test_importing_it_warns_of_nothing():
    """Here it may have been imported before: a process of its own has not."""
    command = [sys.executable, "-W", "error", "-c", "from fastapi.testclient import TestClient"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
