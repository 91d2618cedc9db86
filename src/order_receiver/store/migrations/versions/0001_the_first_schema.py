"""The first schema.

Revision: 0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op

from order_receiver.store.tables import Id, UtcTime, where, words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "attempts",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("system", words(60), nullable=False),
        sa.Column("kind", words(30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("milliseconds", sa.Numeric(precision=12, scale=3, asdecimal=False), nullable=False),
        sa.Column("outcome", words(20), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_order_id"), "attempts", ["order_id"], unique=False)

    op.create_table(
        "cursors",
        sa.Column("name", words(100), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "orders",
        sa.Column("id", Id, nullable=False),
        sa.Column("application_key", words(500), nullable=False),
        sa.Column("client_order_ref", words(500), nullable=False),
        sa.Column("state", words(20), nullable=False),
        sa.Column("hold", words(40), nullable=True),
        sa.Column("hold_text", sa.Text(), nullable=True),
        sa.Column("waived", sa.Text(), nullable=True),
        sa.Column("erp_order_no", words(50), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint(
            "client_order_ref", "application_key", name=op.f("uq_orders_client_order_ref_application_key")
        ),
    )
    op.create_index(
        "ix_orders_hold",
        "orders",
        ["hold", "id"],
        unique=False,
        **where("hold IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_open",
        "orders",
        ["received_at"],
        unique=False,
        **where("state IN ('received', 'submitted', 'placed')"),
    )

    op.create_table(
        "quarantine",
        sa.Column("id", Id, nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("remote", words(100), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_received_at"), "quarantine", ["received_at"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("name", words(300), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tokens")),
    )
    op.create_table(
        "history",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", words(100), nullable=False),
        sa.Column("event", words(40), nullable=False),
        sa.Column("old", words(100), nullable=True),
        sa.Column("new", words(100), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_history_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index(op.f("ix_history_order_id"), "history", ["order_id"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("role", words(10), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("remote", words(100), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_messages_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_order_id"), "messages", ["order_id"], unique=False)

    op.create_table(
        "submissions",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("target", words(60), nullable=False),
        sa.Column("key", words(200), nullable=False),
        sa.Column("media_type", words(100), nullable=False),
        sa.Column("extension", words(20), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("erp_order_no", words(50), nullable=True),
        sa.Column("erp_id", words(200), nullable=True),
        sa.Column("submitted_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_submissions_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("order_id", "target", name=op.f("uq_submissions_order_id_target")),
        sa.UniqueConstraint("target", "key", name=op.f("uq_submissions_target_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tasks",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("system", words(60), nullable=False),
        sa.Column("kind", words(30), nullable=False),
        sa.Column("state", words(10), nullable=False),
        sa.Column("due", UtcTime(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("followed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tasks_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_tasks_due",
        "tasks",
        ["system", "due"],
        unique=False,
        **where("due IS NOT NULL"),
    )
    op.create_index("ix_tasks_lane", "tasks", ["order_id", "system"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _suit_postgresql()


def _suit_postgresql() -> None:
    """Bodies packed quickly where the server can, and the table that changes all the time cleaned up all the time."""
    op.execute(
        "DO $$ BEGIN "
        "ALTER TABLE messages ALTER COLUMN body SET COMPRESSION lz4; "
        "ALTER TABLE submissions ALTER COLUMN document SET COMPRESSION lz4; "
        "EXCEPTION WHEN feature_not_supported OR syntax_error THEN NULL; END $$"
    )
    op.execute(
        "ALTER TABLE tasks SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, "
        "autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000)"
    )


def downgrade() -> None:
    """Take the step back."""
    op.drop_index("ix_tasks_lane", table_name="tasks")
    op.drop_index("ix_tasks_due", table_name="tasks")

    op.drop_table("tasks")
    op.drop_table("submissions")
    op.drop_index(op.f("ix_messages_order_id"), table_name="messages")

    op.drop_table("messages")
    op.drop_index(op.f("ix_history_order_id"), table_name="history")

    op.drop_table("history")
    op.drop_table("tokens")
    op.drop_index(op.f("ix_quarantine_received_at"), table_name="quarantine")

    op.drop_table("quarantine")
    op.drop_index("ix_orders_open", table_name="orders")
    op.drop_index("ix_orders_hold", table_name="orders")

    op.drop_table("orders")
    op.drop_table("cursors")
    op.drop_index(op.f("ix_attempts_order_id"), table_name="attempts")

    op.drop_table("attempts")
