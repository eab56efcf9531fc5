"""Step 2: letters that are safe on disk and on their way."""
