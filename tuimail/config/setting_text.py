"""The values of settings as the user reads and types them. Pure."""

from __future__ import annotations

import csv
import re
import shlex
from typing import TYPE_CHECKING

from tuimail.config.reading import shown
from tuimail.config.settings import SettingKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimail.config.settings import Setting

_QUOTED = re.compile(r'[,"]|^\s|\s$')
_ESCAPE = re.compile(r"\\([nt\\])")
_ESCAPED = {"n": "\n", "t": "\t", "\\": "\\"}


def value_words(setting: Setting, value: object) -> str:
    """The value for the screen; not yet safe to draw. ``None`` is the one that holds when nothing is written."""
    if value is None or value in ("", (), []):
        return setting.empty
    if isinstance(value, bool):
        return "yes" if value else "no"
    if setting.kind is SettingKind.NUMBER and isinstance(value, int | float):
        return f"{value:g} {setting.unit.removesuffix('s') if value == 1 else setting.unit}".rstrip()
    return typed_form(setting, value)


def typed_form(setting: Setting, value: object) -> str:
    """The value as ``meant`` reads it; what is not of the setting's kind is described."""
    if setting.kind is SettingKind.COMMAND and _texts(value):
        return shlex.join(_texts(value))
    if setting.kind is SettingKind.LIST and _texts(value):
        return ", ".join(map(_quoted, _texts(value)))
    if value is None or value in ("", (), []):
        return ""
    if isinstance(value, dict):
        name, address = value.get("name"), value.get("address")
        return f"{name} <{address}>" if name else str(address)
    if isinstance(value, str):
        return _escaped(value) if setting.kind is SettingKind.LINES else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return shown(value)


def _escaped(text: str) -> str:
    for char, written in (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(char, written)
    return text


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if _QUOTED.search(text) else text


def _texts(value: object) -> Sequence[str]:
    is_list = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    return value if is_list else ()  # type: ignore[return-value]  # it was looked at


def meant(setting: Setting, typed: str) -> object:
    """The value that was typed, as TOML has it; what is no number stays a text, for the loader to judge.

    Raises:
        ValueError: it cannot be read like that; the message is a sentence.
    """
    text = typed.strip()
    match setting.kind:
        case SettingKind.NUMBER:
            return _number(text)
        case SettingKind.LIST:
            try:
                row = next(csv.reader([text], skipinitialspace=True), [])
            except csv.Error as error:
                raise ValueError("It has a line break, or is too long.") from error
            return [each.strip() for each in row if each.strip()]
        case SettingKind.COMMAND:
            try:
                return shlex.split(text)
            except ValueError as error:
                raise ValueError("A quote is not closed, or a backslash stands at the end.") from error
        case SettingKind.IDENTITY:
            return _identity(text)
        case SettingKind.LINES:
            return _ESCAPE.sub(lambda found: _ESCAPED[found[1]], text)
    return text


def _identity(text: str) -> dict[str, str]:
    from tuimail.errors import AddressError
    from tuimail.mail.address import parse_address

    try:
        found = parse_address(text)
    except AddressError as error:
        raise ValueError(f"{error}  {error.hint}".strip()) from error
    named = {"name": found.display_name} if found.display_name else {}
    return {"address": found.addr_spec, **named}


def _number(text: str) -> object:
    try:
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else float(text)
    except ValueError:
        return text
