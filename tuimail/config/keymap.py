"""The user's keys: keys.toml -> overrides of the declared keys of commands. Pure except for reading the file.

::

    [keys]                      both keymaps
    send-now = "g"              a command's id = a key, or a list of keys; [] takes its keys away
    [pine]                      one keymap; comes before [keys]
    send = ["ctrl+x", "f4"]

``[ui] keymap`` may name a file of the same form, which changes one of the built-in keymaps; keys.toml comes over it::

    base = "mutt"               the keymap it changes; pine if left out
    [keys]
    hold = "^H"

A key is written as Textual names it (``ctrl+x``, ``f2``, ``question_mark``), as a single character (``?``) or as pine
and the screen write it (``^X``, ``M-U``). Where letters are text a command needs a key that types none. A key given
here is taken from the command that has it by declaration; the interface does that, this module only reports where the
file contradicts itself.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.config.loader import KEYMAPS
from tuimail.config.reading import Source, nearest_to, read_toml, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tuimail.config.model import Problem
    from tuimail.config.reading import Table

NAMED_KEYS = frozenset(
    [
        *("enter", "escape", "tab", "space", "backspace", "delete", "insert"),
        *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    ]
)
"""Keys that are not characters."""

MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")

_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where Textual does not use the Unicode name."""


EVERYWHERE = "everywhere"
"""The context that is part of every screen."""


@dataclass(frozen=True, slots=True)
class KeyOverrides:
    """The content of the user's file."""

    keys: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Keymap -> command id -> keys as Textual names them; an empty tuple takes the command's keys away."""
    problems: tuple[Problem, ...] = ()
    file: Path | None = None
    """The file that was read."""
    base: str = ""
    """The keymap that the file is based on; empty if it does not say."""

    def of(self, keymap: str) -> Mapping[str, tuple[str, ...]]:
        """The user's keys in ``keymap``: command id -> keys."""
        return self.keys.get(keymap, {})


def load_keys(file: Path, known: Mapping[str, Collection[str]], *, amid_typing: Collection[str] = ()) -> KeyOverrides:
    """The keys in ``file``; empty, and without a problem, if it does not exist.

    Args:
        file: The user's keys.toml.
        known: Every command's id with the contexts (screens) it can be given in.
        amid_typing: Ids of the commands that are used where letters are text.
    """
    source = Source(file)
    return _overrides(source, read_toml(source), known, amid_typing)


def load_keymap(
    name: str, folder: Path, known: Mapping[str, Collection[str]], *, amid_typing: Collection[str] = ()
) -> tuple[str, KeyOverrides]:
    """The built-in keymap that ``[ui] keymap`` names, and the content of the file if it names a file.

    Args:
        name: A built-in keymap, or the path of a file: ``~`` is the home folder, a relative one is in ``folder``.
        folder: Where the config file is.
        known: As in ``load_keys``.
        amid_typing: As in ``load_keys``.
    """
    if name in KEYMAPS:
        return name, KeyOverrides()
    try:
        source = Source(folder / Path(name).expanduser())
    except RuntimeError:
        source = Source(folder / name)
    if not source.file.exists():
        source.complain((), "There is no such file; [ui] keymap names it. The keys of pine are used.")
        return KEYMAPS[0], KeyOverrides(problems=tuple(source.problems))
    said = _overrides(source, read_toml(source), known, amid_typing, based=True)
    return said.base or KEYMAPS[0], said


def key_name(written: str) -> str:
    """``written`` as Textual names it ("?" is "question_mark", "^X" "ctrl+x", "M-U" "alt+u"); empty if not a key."""
    if len(written) == 1:
        return _character_name(written)
    if re.fullmatch(r"\^\S", written):
        return _with_modifiers(["ctrl"], written[1].lower())
    if re.fullmatch(r"[Mm]-\S", written):
        return _with_modifiers(["alt"], written[2].lower())
    if written.endswith("++"):
        *modifiers, last = (*written[:-2].split("+"), "+")
    else:
        *modifiers, last = written.split("+")
    modifiers = [modifier.lower() for modifier in modifiers]
    if any(modifier not in MODIFIERS for modifier in modifiers) or len(set(modifiers)) < len(modifiers):
        return ""
    return _with_modifiers(modifiers, last)


def _with_modifiers(modifiers: list[str], last: str) -> str:
    if len(last) == 1:
        name = _character_name(last.lower() if modifiers == ["ctrl"] else last)
    elif last.lower() in NAMED_KEYS or _is_character_name(last):
        name = last.lower()
    else:
        name = ""
    ordered = [modifier for modifier in MODIFIERS if modifier in modifiers]
    return "+".join([*ordered, name]) if name else ""


def _character_name(character: str) -> str:
    if character.isalnum():
        return character
    if character == " ":
        return "space"
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


def _is_character_name(name: str) -> bool:
    back = {ours: theirs for theirs, ours in _RENAMED.items()}
    words = back.get(name, name)
    for spelt in (words.replace("_", " "), words.replace("_", "-")):
        try:
            return not unicodedata.lookup(spelt).isalnum()
        except KeyError:
            continue
    return False


def is_text(key: str) -> bool:
    """Whether the key of this name types a character (a letter, a mark, a blank)."""
    return key == "space" or (key not in NAMED_KEYS and not key.startswith(tuple(f"{each}+" for each in MODIFIERS)))


def _overrides(
    source: Source,
    root: Table | None,
    known: Mapping[str, Collection[str]],
    amid_typing: Collection[str],
    *,
    based: bool = False,
) -> KeyOverrides:
    found: dict[str, dict[str, tuple[str, ...]]] = {keymap: {} for keymap in KEYMAPS}
    base = ""
    if root is not None:
        if based:
            base = root.text("base", KEYMAPS[0], check=_base_fault)
        # [keys] first, so that a keymap's own table comes over it.
        for section in ("keys", *KEYMAPS):
            table = root.table(section)
            if table is None:
                continue
            for command in table.names():
                if command not in known:
                    table.complain(
                        command, f"There is no command {shown(command)}.", nearest=nearest_to(command, known)
                    )
                    continue
                keys = _keys(table, command, amid_typing=command in amid_typing)
                for keymap in () if keys is None else KEYMAPS if section == "keys" else (section,):
                    found[keymap][command] = keys or ()
        root.finish()
        for keymap in KEYMAPS:
            found[keymap] = _without_clashes(root, keymap, found[keymap], known)
    problems = dict.fromkeys(sorted(source.problems, key=lambda problem: problem.line))
    return KeyOverrides(found, tuple(problems), source.file, base)


def _base_fault(name: str) -> str:
    return "" if name in KEYMAPS else f'Must be "pine" or "mutt", not {shown(name)}.'


def _keys(table: Table, command: str, *, amid_typing: bool) -> tuple[str, ...] | None:
    """The keys written for ``command``; None if none of them is valid for it."""
    value = table.values[command]
    listed = value if isinstance(value, list) else [value]
    names: list[str] = []
    for each in listed:
        name = key_name(each) if isinstance(each, str) else ""
        if not name:
            table.complain(command, f'Must be a key such as "g", "?", "^X", "ctrl+x" or "f2", not {shown(each)}.')
        elif amid_typing and is_text(name):
            table.complain(
                command,
                f"{shown(each)} cannot be a key of {command}: letters are text where it is used. "
                "Use a key with ctrl or alt, or f1 to f12.",
            )
        elif name not in names:
            names.append(name)
    return tuple(names) if names or not listed else None


def _without_clashes(
    root: Table, keymap: str, wanted: dict[str, tuple[str, ...]], known: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Resolve conflicts: if two commands of one screen have the same key, the first one keeps it."""
    kept: dict[str, tuple[str, ...]] = {}
    for command, keys in wanted.items():
        taken = {key: other for other, theirs in kept.items() if meet(known[command], known[other]) for key in theirs}
        clashing = [key for key in keys if key in taken]
        for key in clashing:
            section = keymap if command in _section(root, keymap) else "keys"
            root.source.complain(
                (section, command), f'The key "{key}" is given to {taken[key]} on the same screen; that one keeps it.'
            )
        rest = tuple(key for key in keys if key not in clashing)
        if rest or not keys:
            kept[command] = rest
    return kept


def _section(root: Table, name: str) -> Collection[str]:
    value = root.values.get(name)
    return value if isinstance(value, dict) else ()


def meet(first: Collection[str], second: Collection[str]) -> bool:
    """Whether commands of these contexts can be used on the same screen."""
    return EVERYWHERE in first or EVERYWHERE in second or not set(first).isdisjoint(second)
