"""One module per step; each can be run again after it was killed half-way (see `storage.migrations.steps`)."""
