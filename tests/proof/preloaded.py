"""Imports, once, whatever a command of the program imports, so that a forked process starts in no time."""

from __future__ import annotations

import importlib
import pkgutil

import tuimail

LEFT_OUT = ("tuimail.ui", "tuimail.demo", "tuimail.__main__")
"""Screens: the rigs use the command line."""

for module in pkgutil.walk_packages(tuimail.__path__, "tuimail."):
    if not module.name.startswith(LEFT_OUT):
        importlib.import_module(module.name)
for name in (
    "aiosmtplib",
    "email.message",
    "email.policy",
    "email.parser",
    "ssl",
    "tomllib._parser",
    "gettext",
):
    importlib.import_module(name)
