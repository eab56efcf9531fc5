"""Settings as lines of SETUP, and the values of one of them as lines to choose from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.config.loader import fault_of
from tuimail.config.reading import dotted
from tuimail.config.setting_text import typed_form, value_words
from tuimail.config.settings import SettingKind, groups_of
from tuimail.config.toml_edit import value_at
from tuimail.mail.text import safe_line
from tuimail.ui.text.cells import Line, Span, TextRole, fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tuimail.config.settings import Setting

_MARK = 5
_NAME = 34


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting with its value, or the heading of several."""

    id: str
    heading: str = ""
    setting: Setting | None = None
    written: object | None = None
    """The value in the file; None: it is not there."""
    fault: str = ""
    """What is wrong with it: the default holds instead."""

    @property
    def value(self) -> object:
        """The value in force."""
        if self.setting is None:
            return None
        return self.setting.default if self.written is None or self.fault else self.written

    @property
    def words(self) -> str:
        """The value for the screen, safe to draw; one that is wrong as it is written."""
        if self.setting is None:
            return ""
        return safe_line(value_words(self.setting, self.written if self.fault else self.value))

    @property
    def typed(self) -> str:
        """The value as it is typed, safe to draw."""
        return "" if self.setting is None else safe_line(typed_form(self.setting, self.value))

    @property
    def name(self) -> str:
        """What it is called, safe to draw."""
        return safe_line(self.heading if self.setting is None else self.setting.name)

    @property
    def differs(self) -> bool:
        """It has a default, and another value."""
        return self.setting is not None and self.setting.default is not None and self.words != self.default

    @property
    def default(self) -> str:
        """The default for the screen, safe to draw; empty: there is none."""
        if self.setting is None or self.setting.default is None:
            return ""
        return safe_line(value_words(self.setting, self.setting.default))


def setting_rows(values: Mapping[str, object], file: Path) -> list[SettingRow]:
    """Every setting of a config file that says ``values``, under headings."""
    rows = []
    accounts = values.get("accounts")
    first = next(iter(accounts), "") if isinstance(accounts, dict) else ""
    for group in groups_of(values):
        rows.append(SettingRow(f"#{group.title}", heading=group.title))
        for each in group.settings:
            written = value_at(values, each.path)
            fault = "" if written is None else fault_of(each.path, written, file)
            setting = each
            if each.kind is SettingKind.ACCOUNT:
                fault = ""  # whether there is such an account is not to be seen in the setting alone
                setting = replace(each, default=first)
            rows.append(SettingRow(dotted(each.path), setting=setting, written=written, fault=fault))
    return rows


def setting_line(row: SettingRow, width: int) -> Line:
    """The row in ``width`` cells; a star marks what differs from the default, an exclamation mark what is wrong."""
    if row.setting is None:
        return (Span(fit(f"  {row.name}", width), TextRole.LABEL),)
    name = min(_NAME, (width - _MARK) // 2)
    mark, role = ("!", TextRole.FAILED) if row.fault else ("*", TextRole.ACCENT) if row.differs else (" ", TextRole.DIM)
    return (
        Span(f"   {mark} ", role),
        Span(fit(row.name, name - 2) + "  ", TextRole.TEXT),
        Span(fit(row.words, width - _MARK - name), TextRole.STRONG if row.differs else TextRole.DIM),
    )


def setting_explanation(row: SettingRow) -> tuple[Span, ...]:
    """What the setting does, what its value means or what is wrong with it, and where it stands in the file."""
    setting = row.setting
    if setting is None:
        return (Span("Move to a setting below to see what it does.", TextRole.DIM),)
    meaning = setting.choices.get(str(row.value), "")
    said = Span(row.fault, TextRole.FAILED) if row.fault else Span(f"{row.words}: {meaning}" if meaning else "")
    if setting.kind in (SettingKind.FOLDER, SettingKind.IDENTITY):
        return (Span(safe_line(setting.explanation)),)
    default = f"default: {row.default}" if row.default else "it has no default"
    return (
        Span(safe_line(setting.explanation)),
        said,
        Span(f"{safe_line(row.id)} in the file; {default}", TextRole.DIM),
    )


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One of the values that a setting may have."""

    value: str
    meaning: str = ""
    current: bool = False
    default: bool = False


def value_line(row: ValueRow, width: int) -> Line:
    """The row in ``width`` cells; the value in force has a mark."""
    note = "  (default)" if row.default else ""
    name = min(20, width // 3)
    return (
        Span("   * " if row.current else "     ", TextRole.ACCENT),
        Span(fit(safe_line(row.value) + note, name) + "  ", TextRole.STRONG),
        Span(fit(safe_line(row.meaning), max(0, width - name - 7)), TextRole.DIM),
    )


def value_rows(row: SettingRow, values: Sequence[tuple[str, str]]) -> list[ValueRow]:
    """``values``, each with what it means; the value in force is always among them."""
    current, setting = row.value, row.setting
    default = None if setting is None else setting.default
    known = {value for value, _ in values}
    extra = [(current, "")] if isinstance(current, str) and current and current not in known else []
    return [ValueRow(value, meaning, value == current, value == default) for value, meaning in (*values, *extra)]
