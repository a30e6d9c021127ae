"""Where processes tell each other what changed, if they have no other bus."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from storage.migrations.steps import create_table

revision: Final = "0014"
down_revision: Final = "0013"
branch_labels: Final = None
depends_on: Final = None

TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DATA: Final = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    """A table whose rows live for a minute."""
    create_table(
        "hints",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("sender", sa.BigInteger(), nullable=False),
        sa.Column("data", DATA, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hints"),
    )
