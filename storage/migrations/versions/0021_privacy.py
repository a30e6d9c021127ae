"""What people hide of themselves."""

from typing import Final

import sqlalchemy as sa

from storage.migrations.steps import add_column

revision: Final = "0021"
down_revision: Final = "0020"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Nothing, as before."""
    for name in ("hide_last_seen", "hide_reads"):
        add_column("users", sa.Column(name, sa.Boolean(), server_default=sa.text("0"), nullable=False))
