"""Whether a chat is a group can be read in its row, and a role is one of two words: for reports and other readers."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import add_column

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None

ROLES: Final = sa.Enum("member", "admin", name="role", create_constraint=True)


def upgrade() -> None:
    """A generated column; an enumeration, which SQLite has as a check and gets by making the table anew."""
    add_column("chats", sa.Column("is_group", sa.Boolean(), sa.Computed("type = 'group'"), nullable=True))
    with op.batch_alter_table("chat_users") as batch:
        batch.alter_column("role", existing_type=sa.String(8), type_=ROLES, existing_nullable=False, nullable=False)
