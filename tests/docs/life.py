"""Draw docs/life-of-a-request.svg and write the page around it: `python -m tests.docs.life`."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "life-of-a-request.md"
PICTURE = ROOT / "docs" / "life-of-a-request.svg"


@dataclass(frozen=True)
class Stop:
    """A function that a road leads through, as `module:qualified name`, and what it does there."""

    function: str
    does: str

    @property
    def room(self) -> str:
        return self.function.partition(":")[0].rpartition(".")[0].removeprefix("dovetail.") or "dovetail"

    @property
    def name(self) -> str:
        return self.function.partition(":")[2]


@dataclass(frozen=True)
class Road:
    """The functions from a beginning to an end, in the order in which they are entered."""

    title: str
    says: str
    stops: tuple[Stop, ...]


MIDDLEWARE = Stop(
    "dovetail.middleware.edge:EdgeMiddleware.__call__",
    "who asks; an id, the host, limits; later headers, the log's line",
)
READ = Road(
    "A read",
    "`GET /api/posts/1`, with a token that has come before: in front of FastAPI's router, on a bare connection of the "
    "pool, by one statement that was compiled before. It gives the token with its user, as the last time, and the row. "
    "If the user has changed, or the token comes for the first time, it is looked up by itself. A list is read alike.",
    (
        MIDDLEWARE,
        Stop("dovetail.api.front.fast_path:FastPathMiddleware.__call__", "asks whether the fast path may answer"),
        Stop("dovetail.api.front.fast_path:FastPathRoutes.find", "finds the endpoint that the router would choose"),
        Stop("dovetail.resources.endpoints.fast_path:FastRead.read", "opens a source of rows, finds out who asks"),
        Stop("dovetail.contrib.auth.user_policies:UserPolicy.recognize_reader", "the policy: who asks?"),
        Stop("dovetail.contrib.auth.accounts.access_tokens:find_user_by_token", "the token and its user"),
        Stop("dovetail.database.prepared_reads:PoolSource.presume", "as the last time, until that is confirmed"),
        Stop("dovetail.resources.spec:Spec.visibility_of", "what they may see: the policy is asked, or was before"),
        Stop("dovetail.resources.endpoints.items:retrieve", "the endpoint, also behind FastAPI's router"),
        Stop("dovetail.resources.read.reader:Reader.read_keys", "takes the compiled statement for what is visible"),
        Stop("dovetail.database.pool.fair_pool:FairPool.take", "a connection, in the order of those who wait"),
        Stop("dovetail.resources.sql.statements:PreparedStatement.fetch", "puts the values into a statement"),
        Stop("dovetail.database.prepared_reads:DriverConnection.fetch", "asks the driver: rows, lists in them as JSON"),
        Stop("dovetail.database.prepared_reads:PoolSource.confirm", "nothing counts if the user is another one by now"),
        Stop("dovetail.resources.read.etags:etag", "the ETag, of the row's version"),
        Stop("dovetail.api.front.fast_path:FastJSONResponse.__init__", "the answer, which leaves by the middleware"),
        Stop("dovetail.middleware.access_log:AccessLog.write", "the line in the log"),
    ),
)
WRITE = Road(
    "A write",
    "`PATCH /api/posts/1`, with a token: in front of FastAPI's router, by two statements that were compiled before: "
    "the token with its user, and an UPDATE that asks policy and `If-Match` and answers the row, a transaction by "
    "itself on PostgreSQL. Where it finds no row, `Writer.update_and_read` locks the row and says why: 404, 403, 412. "
    "What is unusual (a token that is nobody's, a body that is wrong, an `Idempotency-Key`) goes through the router, "
    "into the same `update`.",
    (
        MIDDLEWARE,
        Stop(
            "dovetail.middleware.bodies.clean_input:CleanInputMiddleware.__call__",
            "reads the body within its limits, once",
        ),
        Stop("dovetail.api.front.fast_path:FastPathMiddleware.__call__", "asks whether the fast path may answer"),
        Stop(
            "dovetail.resources.endpoints.fast_path:FastWrite.write", "reads key and body; FastAPI says what is wrong"
        ),
        Stop(
            "dovetail.database.fast_unit_of_work:FastUnitOfWork.__aenter__",
            "a connection; BEGIN comes later",
        ),
        Stop("dovetail.contrib.auth.user_policies:UserPolicy.recognize_writer", "the policy: who writes?"),
        Stop("dovetail.contrib.auth.accounts.access_tokens:find_user_by_token", "the token and its user"),
        Stop("dovetail.resources.endpoints.items:update", "the endpoint, also behind FastAPI's router"),
        Stop("dovetail.resources.spec:Spec.change_visibility", "what they may see and change, as it was before"),
        Stop(
            "dovetail.resources.write.single_statement:SingleStatementWrite.update",
            "what listens, links or refers goes another way",
        ),
        Stop("dovetail.database.fast_unit_of_work:driver_alone", "no BEGIN, for a single statement is a transaction"),
        Stop("dovetail.resources.read.reader:Plan.fetch", "UPDATE, which answers the row as a GET would"),
        Stop("dovetail.resources.read.etags:etag", "the new ETag; then the middleware"),
    ),
)
MIGRATE = Road(
    "A migration",
    "`manage.py migrate` on an empty database: from the command line to the ledger `dovetail_migration`. What "
    "raises before a step's COMMIT rolls that step back, its row in the ledger too; the steps before it stay.",
    (
        Stop("dovetail.cli.main:main", "finds the command"),
        Stop("dovetail.cli.migrations.migrate:migrate", "takes its options"),
        Stop("dovetail.registry:load_registry", "imports and orders the plugins"),
        Stop("dovetail.migrations.history.status:is_up_to_date", "compares file names with the ledger: most end here"),
        Stop("dovetail.cli.migrations.apply:apply_to", "prints a line for each step, asks before others are undone"),
        Stop("dovetail.migrations.run.runner:migrate_now", "connects"),
        Stop("dovetail.migrations.history.ledger:read_ledger", "what was applied"),
        Stop("dovetail.migrations.history.graph:load_history", "the revision files of all plugins, as one graph"),
        Stop("dovetail.migrations.history.plan:plan", "the steps from what is applied to the target"),
        Stop("dovetail.migrations.locks.lock:migration_lock", "one run at a time; what waited looks again"),
        Stop("dovetail.migrations.run.execution:apply_steps", "foreign keys off on SQLite, short waits on PostgreSQL"),
        Stop("dovetail.migrations.run.execution:revision_step", "a transaction a step, by Alembic and our dialects"),
        Stop("dovetail.migrations.run.foreign_keys:ReferenceCheck.check", "after the ledger's row, before the COMMIT"),
    ),
)
ROADS = (READ, WRITE, MIGRATE)

WIDTH, STEP, BOX, MARGIN, TOP = 400, 62, 48, 16, 56
COLOURS = {
    "middleware": "#e8eef9",
    "api": "#e3f2ee",
    "resources": "#fdf1dc",
    "database": "#f6e4e8",
    "contrib": "#efe6f7",
    "plugins": "#efe6f7",
    "migrations": "#fdf1dc",
}
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1c2430}.name{font:600 12.5px ui-monospace,monospace}"
    ".title{font:600 18px system-ui,sans-serif}.room{fill:#5d6878}line{stroke:#5d6878;stroke-width:1.5}"
)


def picture() -> str:
    """Return the picture: a column a road, a box a function, from the top to the bottom."""
    height = TOP + STEP * max(len(road.stops) for road in ROADS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(ROADS)} {height}" role="img">',
        "<title>The functions that a read, a write and a migration lead through</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for column, road in enumerate(ROADS):
        parts.append(f'<text class="title" x="{column * WIDTH + MARGIN}" y="32">{escape(road.title)}</text>')
        for row, stop in enumerate(road.stops):
            parts += _box(stop, column * WIDTH + MARGIN, TOP + row * STEP, is_last=stop is road.stops[-1])
    return "\n".join([*parts, "</svg>", ""])


def _box(stop: Stop, x: int, y: int, *, is_last: bool) -> list[str]:
    width = WIDTH - 2 * MARGIN
    colour = COLOURS.get(stop.room.partition(".")[0], "#f1f3f6")
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{BOX}" rx="6" fill="{colour}"/>',
        f'<text class="name" x="{x + 10}" y="{y + 19}">{escape(stop.name)}</text>',
        f'<text class="room" x="{x + width - 10}" y="{y + 19}" text-anchor="end">{escape(stop.room)}</text>',
        f'<text x="{x + 10}" y="{y + 37}">{escape(stop.does)}</text>',
    ]
    middle = x + width // 2
    return parts if is_last else [*parts, f'<line x1="{middle}" y1="{y + BOX}" x2="{middle}" y2="{y + STEP}"/>']


def page() -> str:
    """Return the page."""
    parts = [
        "# The life of a request\n",
        "From ASGI to the row and back, and from `manage.py migrate` to the ledger. `python -m tests.docs.life` draws",
        "the picture and writes this page; a test sends these requests, and runs the migration, and sees that each",
        "function is entered in this order.\n",
        "![The functions that a read, a write and a migration lead through](life-of-a-request.svg)\n",
    ]
    for road in ROADS:
        parts.append(f"## {road.title}\n\n{road.says}\n")
        parts += [
            f"{number}. `{stop.function.replace(':', '.')}`: {stop.does}." for number, stop in enumerate(road.stops, 1)
        ]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
