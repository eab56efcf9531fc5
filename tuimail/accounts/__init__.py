"""Setting up an account: which servers it has (``discovery``), whether it works (``check``), adding it (``setup``).

``oauth`` is the sign-in at a provider that gives tokens, ``sign_in_secret`` the password or token of a server.
"""
