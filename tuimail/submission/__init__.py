"""Step 2, its way out: one attempt to hand a letter to a submission server or a local command."""
