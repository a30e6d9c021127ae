"""Work beside the serving."""
