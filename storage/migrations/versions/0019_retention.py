"""How long the messages of a chat are kept, and up to which entry they were removed."""

from typing import Final

import sqlalchemy as sa

from storage.migrations.steps import add_column

revision: Final = "0019"
down_revision: Final = "0018"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """For ever, as before; nothing was."""
    add_column("chats", sa.Column("retention_days", sa.Integer(), server_default=sa.text("0"), nullable=False))
    add_column("chats", sa.Column("expired_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
