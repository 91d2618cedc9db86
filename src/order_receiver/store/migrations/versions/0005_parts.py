"""Parts: an order may go to several targets, and one of them gives the number.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

floor = "0001"


def upgrade() -> None:
    """Bring the schema forward; what an older program adds is an order as a whole, so it gives the number."""
    op.add_column("submissions", sa.Column("gives_number", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("submissions") as table:
        table.drop_column("gives_number")
