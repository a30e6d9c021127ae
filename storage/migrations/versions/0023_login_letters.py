"""Letters about log-ins: who wants them, in which language, and what they tell."""

from typing import Final

import sqlalchemy as sa

from storage.migrations.steps import add_column

revision: Final = "0023"
down_revision: Final = "0021"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Everybody is told; in which language is known with the next address they enter."""
    add_column("users", sa.Column("language", sa.String(length=8), nullable=True))
    add_column("users", sa.Column("login_letters", sa.Boolean(), server_default=sa.text("1"), nullable=False))
    add_column("mails", sa.Column("device", sa.String(length=64), nullable=True))
    add_column("mails", sa.Column("network_address", sa.String(length=64), nullable=True))
