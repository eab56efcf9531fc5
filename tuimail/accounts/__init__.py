"""Setting up an account: which servers does an address have (``discovery``), and does the account work (``check``)?"""
