"""Avatars may be files: whose they are is looked up by their paths."""

from typing import Final

from storage.migrations.steps import create_index

revision: Final = "0010"
down_revision: Final = "0009"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Three indexes."""
    for table in ("users", "chats", "departures"):
        create_index(f"ix_{table}_avatar_url", table, ["avatar_url"], prefix=40)
