"""What many processes need: a poll exists once, and an older program can tell whether it may run beside a newer.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from order_receiver.store.tables import where, words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

floor = "0001"


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "schema_floor",
        sa.Column("revision", words(32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_floor")),
    )
    op.execute(
        "DELETE FROM tasks WHERE order_id IS NULL AND id NOT IN "
        "(SELECT min(id) FROM tasks WHERE order_id IS NULL GROUP BY system, kind)"
    )
    op.create_index("uq_tasks_singleton", "tasks", ["system", "kind"], unique=True, **where("order_id IS NULL"))


def downgrade() -> None:
    """Bring the schema back."""
    op.drop_index("uq_tasks_singleton", table_name="tasks")
    op.drop_table("schema_floor")
