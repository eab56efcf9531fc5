"""Step 1: from a draft to a frozen letter."""
