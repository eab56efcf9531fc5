"""The user's settings: accounts, identities, secrets, themes, keys."""
