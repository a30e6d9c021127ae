"""Which version of the words the index of each chat was made by: another one makes it anew, behind the commits."""

from typing import Final

import sqlalchemy as sa

from storage.migrations.steps import add_column

revision: Final = "0012"
down_revision: Final = "0011"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """0: what is indexed now is made anew."""
    add_column("chats", sa.Column("index_version", sa.Integer(), server_default=sa.text("0"), nullable=False))
