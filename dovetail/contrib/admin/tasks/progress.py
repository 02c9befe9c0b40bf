"""Do a long task while its browser is told how far it is: lines of JSON, as they come, in answer to the form itself.

The transaction of the task belongs to the request that began it, in the process that answers it: whoever leaves the
page, or stops it, undoes all of it, and so does a process that dies. The work never waits for the browser: one that
reads slowly is told less often.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress

import anyio
from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.actions.task import TaskFailedError
from dovetail.contrib.admin.entry.admission import PageRequirements, identify_user
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.request_context import enter_request_context
from dovetail.contrib.admin.web.error_messages import log_failure, message_for
from dovetail.contrib.admin.web.form_fields import has_files
from dovetail.contrib.admin.writing.first_try import with_second_try
from dovetail.files.closing_response import ClosingResponse

LINES = "application/x-ndjson"
BEAT = 0.5  # seconds, after which a browser that has left is noticed, whether there is anything to tell or not
Report = Callable[[int, int], None]  # is told how many are done, and of how many
Ending = Mapping[str, object]
Work = Callable[[Report], Awaitable[Ending]]


def wants_lines(request: Request, form: FormData) -> bool:
    """Return whether a form was sent by a script that waits for lines; files are gone by the time of the work."""
    return LINES in request.headers.get("Accept", "") and not has_files(form)


def tell_progress(office: Office, request: Request, work: Work) -> ClosingResponse:
    """Return the answer that does the work as soon as it is sent, in a transaction of its own."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # for nginx, which would keep the lines back
    return ClosingResponse(_lines(office, request, work), LINES, headers)


async def _lines(office: Office, request: Request, work: Work) -> AsyncGenerator[bytes, None]:
    yield _line({"state": "working", "done": 0})  # before the work: this one is asked for in the request's transaction
    so_far = {"state": "working", "done": 0, "of": 0}
    news = asyncio.Event()

    def report(done: int, of: int) -> None:
        so_far.update(done=done, of=of)
        news.set()

    job = asyncio.create_task(_work(office, request, work, report))
    job.add_done_callback(lambda _: news.set())
    try:
        while not job.done():
            news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), BEAT)
            if not job.done():
                yield _line(so_far)
        yield _line(job.result())
    finally:
        if not job.done():
            job.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait({job})


async def _work(office: Office, request: Request, work: Work, report: Report) -> Ending:
    async def run() -> Ending:
        async with office.database.unit_of_work() as session:
            with enter_request_context(request, session) as context:
                await identify_user(office, request, PageRequirements())
                ending = await work(report)
        await context.after_commit()
        return ending

    try:
        return await with_second_try(request, run)
    except TaskFailedError as error:
        return {"state": "failed", "message": error.detail}
    except Exception as error:  # noqa: BLE001 - whatever happened is logged, and its user told
        told = message_for(error)
        log_failure(request, error, told)
        return {"state": "failed", "message": told.message}


def _line(values: Mapping[str, object]) -> bytes:
    return json.dumps(values).encode() + b"\n"
