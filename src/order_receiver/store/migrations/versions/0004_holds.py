"""Holds of each system, and their causes: an order may wait for several things.

Revision: 0004, after 0003. Each revision here changes one table that writers use, so that none of them can stand in the
way of a migration that waits for another.
"""

import sqlalchemy as sa
from alembic import op

from order_receiver.store.tables import Id, words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

floor = "0001"


def upgrade() -> None:
    """Bring the schema forward; an older program knows one hold for an order, in `orders`."""
    op.create_table(
        "holds",
        sa.Column("order_id", Id, nullable=False),
        sa.Column("system", words(60), nullable=False),
        sa.Column("reason", words(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_holds_order_id")),
        sa.PrimaryKeyConstraint("order_id", "system", name=op.f("pk_holds")),
    )
    op.create_table(
        "causes",
        sa.Column("order_id", Id, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("system", words(60), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_causes_order_id")),
        sa.PrimaryKeyConstraint("order_id", "cause", name=op.f("pk_causes")),
    )
    op.create_index("ix_causes_cause", "causes", ["cause"])


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("causes")
    op.drop_table("holds")
