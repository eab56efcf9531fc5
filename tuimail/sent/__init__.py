"""Step 3: file the copy of an accepted letter."""
