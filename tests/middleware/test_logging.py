"""A process that set up no log of its own gets one that names the request."""

import asyncio
import logging
import subprocess
import sys
from io import StringIO

import pytest

from dovetail.middleware.logging import LineHandler

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


def handler_that_writes() -> tuple[LineHandler, list[str]]:
    written: list[str] = []

    class Stream(StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    handler = LineHandler()
    handler.setStream(Stream())
    return handler, written


def say(handler, name, text, **more):
    handler.handle(logging.makeLogRecord({"name": name, "levelname": "INFO", "msg": text} | more))


async def test_queued_lines_of_one_loop_iteration_are_written_together():
    handler, written = handler_that_writes()
    handler.write_soon("one")
    handler.write_soon("two")
    assert written == []
    await asyncio.sleep(0)
    assert written == ["one\ntwo\n"]
    handler.write_soon("three")
    await asyncio.sleep(0)
    assert written[1:] == ["three\n"]


async def test_a_record_is_written_at_once_after_the_queued_lines():
    handler, written = handler_that_writes()
    handler.write_soon("one")
    say(handler, "dovetail.errors", "two")
    assert [line.rpartition("] ")[2] for line in "".join(written).splitlines()] == ["one", "two"]


async def test_a_record_of_a_thread_is_written_after_the_queued_lines_and_none_is_lost():
    handler, written = handler_that_writes()
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        for number in range(200):
            handler.write_soon(str(number))
            group.create_task(asyncio.to_thread(say, handler, "dovetail.thread", "said"))
    await loop.run_in_executor(None, say, handler, "dovetail.thread", "last")
    lines = "".join(written).splitlines()
    assert [line for line in lines if line.isdecimal()] == [str(number) for number in range(200)]
    assert len(lines) == 401


def test_lines_left_by_a_closed_loop_are_written_by_the_next_one_or_at_exit():
    handler, written = handler_that_writes()
    for line in ("one", "two"):
        loop = asyncio.new_event_loop()
        loop.call_soon(handler.write_soon, line)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
    assert written == []
    asyncio.run(write_soon(handler, "three"))
    assert "".join(written) == "one\ntwo\nthree\n"
    loop = asyncio.new_event_loop()
    loop.call_soon(handler.write_soon, "four")
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    handler.flush()  # as logging does when a process ends
    assert written[-1] == "four\n"


async def write_soon(handler, line):
    handler.write_soon(line)


def test_a_forked_process_does_not_write_what_its_parent_will():
    program = """
import asyncio, logging, os
from dovetail.middleware.logging import configure_logging
configure_logging("INFO")
async def main():
    logging.getLogger().handlers[0].write_soon("parent")
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        logging.getLogger("dovetail.child").info("child")
        logging.shutdown()
        os._exit(0)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [line.rpartition("] ")[2] for line in done.stderr.splitlines()] == ["child", "parent"]


def test_a_line_has_time_level_logger_and_request_and_a_traceback_below_it():
    handler, written = handler_that_writes()
    try:
        int("no")
    except ValueError:
        say(handler, "dovetail.errors", "%s failed", args=("it",), exc_info=sys.exc_info(), created=0.007)
    first, *below = "".join(written).splitlines()
    assert first == "1970-01-01T00:00:00.007Z INFO dovetail.errors [-] it failed"
    assert below[0] == "Traceback (most recent call last):"
    assert below[-1].startswith("ValueError: invalid literal")


def test_a_filter_of_the_handler_holds_records_back():
    handler, written = handler_that_writes()
    handler.addFilter(lambda record: record.name != "noise")
    for name in ("noise", "dovetail"):
        say(handler, name, "text")
    assert [line.partition("] ")[2] for line in "".join(written).splitlines()] == ["text"]


def test_messages_of_sqlalchemys_pools_are_not_logged_as_ours(tmp_path):
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
