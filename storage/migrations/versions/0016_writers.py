"""Who may send to a group."""

from typing import Final

import sqlalchemy as sa

from storage.migrations.steps import add_column

revision: Final = "0016"
down_revision: Final = "0015"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """All, as before."""
    add_column("chats", sa.Column("writers", sa.String(8), server_default=sa.text("'all'"), nullable=False))
