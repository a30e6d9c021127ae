"""Where a session was used last."""

from typing import Final

import sqlalchemy as sa

from storage.migrations.steps import add_column

revision: Final = "0017"
down_revision: Final = "0016"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Not known of those that there are, until they exchange their token."""
    add_column("sessions", sa.Column("address", sa.String(length=64), nullable=True))
