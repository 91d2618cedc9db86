"""Orders by state: what is open or cancelled is found however many orders are confirmed.

Revision: 0003, after 0002.
"""

from alembic import op

from order_receiver.store.migrations.indices import add_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

floor = "0001"


def upgrade() -> None:
    """Bring the schema forward."""
    add_index("ix_orders_state", "orders", ["state", "received_at"], condition="state <> 'confirmed'")


def downgrade() -> None:
    """Take the step back."""
    op.drop_index("ix_orders_state", table_name="orders")
