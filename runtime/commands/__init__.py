"""What `vestnik` does besides serving."""
