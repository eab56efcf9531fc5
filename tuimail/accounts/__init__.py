"""Setting up an account: which servers does it have (``discovery``), does it work (``check``), and saved (``setup``)."""
