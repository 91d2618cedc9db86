"""Circuits: what all workers know together about each target: whether it is down, paused, or has a rate to keep to.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from order_receiver.store.tables import Id, UtcTime, words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

floor = "0001"


def upgrade() -> None:
    """Bring the schema forward; an older program takes no notice of circuits."""
    op.create_table(
        "circuits",
        sa.Column("system", words(60), nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("until", UtcTime),
        sa.Column("probe", Id),
        sa.Column("next_start", UtcTime),
        sa.Column("paused_at", UtcTime),
        sa.Column("paused_by", words(100)),
        sa.Column("paused_why", sa.Text),
        sa.PrimaryKeyConstraint("system", name=op.f("pk_circuits")),
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("circuits")
