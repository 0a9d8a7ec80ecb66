"""Real objects in one small file."""
