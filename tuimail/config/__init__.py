"""The user's settings: accounts, identities, secrets, themes, keys.

loader reads config.toml into the values of model, writing changes the file: toml_edit its text. settings lists what can
be changed from inside, setting_text is how it is typed.
"""
