"""Run a long task and stream its progress as lines of JSON in the response to the form.

The task runs in a transaction of its own, in the process that responds: if the user leaves or stops the page, or the
process dies, everything is rolled back. The task never waits for the browser; slow readers get fewer lines.
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
from dovetail.contrib.admin.request_context import enter_request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.web.error_messages import log_failure, message_for
from dovetail.contrib.admin.web.form_fields import has_files
from dovetail.contrib.admin.writing.first_try import with_second_try
from dovetail.files.closing_response import ClosingResponse

LINES = "application/x-ndjson"
BEAT = 0.5  # seconds between lines, so that a disconnected browser is noticed
Report = Callable[[int, int], None]  # called with the number of finished objects, and of all
Ending = Mapping[str, object]
Work = Callable[[Report], Awaitable[Ending]]


def wants_lines(request: Request, form: FormData) -> bool:
    """Return whether a script that reads progress submitted the form, without files: these are closed by then."""
    return LINES in request.headers.get("Accept", "") and not has_files(form)


def tell_progress(site: SiteContext, request: Request, work: Work) -> ClosingResponse:
    """Return the streaming response that does the work, in its own transaction."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would buffer the lines otherwise
    return ClosingResponse(_lines(site, request, work), LINES, headers)


async def _lines(site: SiteContext, request: Request, work: Work) -> AsyncGenerator[bytes, None]:
    yield _line({"state": "working", "done": 0})  # before the work: it is read in the transaction of the request
    so_far = {"state": "working", "done": 0, "of": 0}
    news = asyncio.Event()

    def report(done: int, of: int) -> None:
        so_far.update(done=done, of=of)
        news.set()

    job = asyncio.create_task(_work(site, request, work, report))
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


async def _work(site: SiteContext, request: Request, work: Work, report: Report) -> Ending:
    async def run() -> Ending:
        async with site.database.unit_of_work() as session:
            with enter_request_context(request, session) as context:
                await identify_user(site, request, PageRequirements())
                ending = await work(report)
        await context.after_commit()
        return ending

    try:
        return await with_second_try(request, run)
    except TaskFailedError as error:
        return {"state": "failed", "message": error.detail}
    except Exception as error:  # noqa: BLE001 - every error is logged and reported to the user
        told = message_for(error)
        log_failure(request, error, told)
        return {"state": "failed", "message": told.message}


def _line(values: Mapping[str, object]) -> bytes:
    return json.dumps(values).encode() + b"\n"
