"""What is said: frames, values, texts, limits, and their JSON."""
