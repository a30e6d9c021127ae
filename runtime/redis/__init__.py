"""What Vestnik says to a Redis, or to another server that speaks its protocol (Valkey, KeyDB)."""
