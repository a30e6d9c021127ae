"""Idempotency keys are found by their age, to be removed."""

from typing import Final

from storage.migrations.steps import create_index

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """An index."""
    create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
