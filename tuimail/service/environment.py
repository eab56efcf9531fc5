"""The environment variables that the service and the crontab line take over from the shell."""

from __future__ import annotations

LOCATIONS = ("TUIMAIL_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
"""Where tuimail's files are."""

CARRIED = (*LOCATIONS, "PATH", "GNUPGHOME", "PASSWORD_STORE_DIR", "PYTHON_KEYRING_BACKEND", "PYTHONPATH")
"""Paths, and what password commands need."""
