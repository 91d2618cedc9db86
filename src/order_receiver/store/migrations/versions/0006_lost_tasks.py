"""Lost tasks: what a worker took and was not heard of again may have had an effect.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

floor = "0001"


def upgrade() -> None:
    """Bring the schema forward; what an older program takes over is not marked."""
    op.add_column("tasks", sa.Column("lost", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("tasks") as table:
        table.drop_column("lost")
