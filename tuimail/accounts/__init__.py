"""Setting up an account: which servers it has (``discovery``), whether it works (``check``), adding it (``setup``)."""
