<%!
    def body(code):
        """The operations without Alembic's frame of comments."""
        lines = [line for line in code.splitlines() if not line.strip().startswith("# ###")]
        return "\n".join(lines).strip() or "pass"
%>\
<%
    up, down = body(upgrades or ""), body(downgrades or "")
    code = up + down
    by_hand = code == "passpass" and not isinstance(down_revision, (tuple, list))
    extra = sorted(line for line in (imports or "").splitlines() if line.strip())
    library = [line for line in extra if line.startswith("from sqlalchemy")]
    own = [line for line in extra if line not in library]
%>\
"""${message.partition("_")[2].replace("_", " ").capitalize()}.

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Depends on: ${depends_on | comma,n}
"""

% if by_hand or "sa." in code:
import sqlalchemy as sa
% endif
% if by_hand or "op." in code:
from alembic import op
% endif
% for line in library:
${line}
% endfor
% if own:

% for line in own:
${line}
% endfor
% endif

revision: str = ${repr(up_revision).replace("'", '"')}
down_revision: str | tuple[str, ...] | None = ${repr(down_revision).replace("'", '"')}
branch_labels: str | tuple[str, ...] | None = ${repr(branch_labels or None).replace("'", '"')}
depends_on: str | tuple[str, ...] | None = ${repr(tuple(depends_on) if isinstance(depends_on, list) else depends_on).replace("'", '"')}


def upgrade() -> None:
    """Apply."""
    ${up}


def downgrade() -> None:
    """Undo."""
    ${down}
