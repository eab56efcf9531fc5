"""How keys are written on the screen: ``ctrl+x`` is ``^X``, as pine and mutt write it."""

from __future__ import annotations

import string
from functools import lru_cache

from tuimail.config.keymap import key_name

_SHORT = {
    "enter": "Ret", "space": "Spc", "escape": "Esc", "tab": "Tab", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "delete": "Del", "backspace": "BS",
}  # fmt: skip
_CHAR_OF = {key_name(char): char for char in string.punctuation}
_PREFIXES = {"ctrl": "^", "alt": "M-", "shift": "S-"}


@lru_cache(maxsize=1024)
def shown(key: str, *, upper: bool = False) -> str:
    """``key`` (a Textual name) as the screen writes it; ``upper`` shows plain letters as capitals (pine)."""
    *modifiers, name = key.split("+")
    base = _CHAR_OF.get(name) or _SHORT.get(name) or (name.capitalize() if len(name) > 1 else name)
    if len(base) == 1 and (upper or {"ctrl", "shift"} & set(modifiers)):
        base = base.upper()
    return "".join(_PREFIXES.get(modifier, f"{modifier}-") for modifier in modifiers) + base
