"""What the user settled: accounts, identities, secrets, themes, keys."""
