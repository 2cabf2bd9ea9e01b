"""How images are turned when they are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Added in place, not by a copy of the table, so that SQLite keeps its AUTOINCREMENT.
    op.add_column("images", sa.Column("orientation", sa.SmallInteger(), server_default="1", nullable=False))
