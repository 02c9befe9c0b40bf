"""A process that set up no log of its own gets one that names the request."""

import subprocess
import sys

import pytest

PROGRAM = """
import logging
from dovetail.middleware.logging import configure_logging
from dovetail.middleware.request_id import current_request_id
configure_logging({level!r})
configure_logging({level!r})
current_request_id.set("the-id")
logging.getLogger("dovetail.access").info("GET / 200")
logging.getLogger("dovetail.database").debug("transaction committed")
logging.getLogger("somebody.else").info("noise")
"""


def run(level: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(level=level)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_record_is_one_line_on_standard_error_with_the_id_of_its_request():
    (line,) = run("INFO")
    assert line.endswith("INFO dovetail.access [the-id] GET / 200")


def test_the_level_is_that_of_the_settings_for_our_own_loggers_only():
    assert [line.partition("] ")[2] for line in run("DEBUG")] == ["GET / 200", "transaction committed"]
    assert run("WARNING") == []


def test_what_sqlalchemy_says_of_its_pools_is_not_ours_to_log(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path}/a.sqlite3"
    program = f"""
import asyncio
from config.settings import Settings
from dovetail.database.engine.engine import create_engine
from dovetail.middleware.logging import configure_logging
configure_logging("INFO")
settings = Settings.model_validate({{"database_url": {url!r}, "environment": "test"}})
asyncio.run(create_engine(settings).dispose())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("boundary", "body"),
    [("x", "--y\r\n\r\n"), ("x", "--x\r\nbad header\r\n\r\n--x--\r\n"), ("x", "--x\r\n: \r\n\r\n")],
)
async def test_forms_that_cannot_be_read_do_not_fill_the_log(probe, caplog, boundary, body):
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    assert (await probe.post("/api/forms", content=body, headers=headers)).status_code == 400
    assert [record.name for record in caplog.records if record.levelname != "INFO"] == []
