"""The schema's history. Forward only: the way back is a backup."""
