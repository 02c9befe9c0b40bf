"""A process that set up no log of its own gets one that names the request."""

import subprocess
import sys

PROGRAM = """
import logging
from project.middleware.logging import configure_logging
from project.middleware.request_id import current_request_id
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
