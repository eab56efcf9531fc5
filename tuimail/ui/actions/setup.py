"""Actions of SETUP: a setting is changed, reset, found; each change is at work at once and can be undone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from tuimail.config.loader import fault_of
from tuimail.config.reading import dotted
from tuimail.config.setting_text import meant, value_words
from tuimail.config.settings import SettingKind, kept_of
from tuimail.config.writing import ConfigFile
from tuimail.mail.text import safe_line
from tuimail.ui.actions.index import search_label
from tuimail.ui.actions.movement import LIST_ACTIONS
from tuimail.ui.actions.reread import reread
from tuimail.ui.requests import ShowSettingValues
from tuimail.ui.views.setting_lines import SettingRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tuimail.config.settings import Setting
    from tuimail.config.writing import ConfigChange
    from tuimail.ui.protocols import Action, Frame, HasList, HasSelection, Program

    class SettingList(HasList, HasSelection[SettingRow], Protocol):
        """SETUP."""

        searched: str


CHOSEN = frozenset({SettingKind.CHOICE, SettingKind.ACCOUNT, SettingKind.KEYMAP, SettingKind.THEME})
"""What is chosen from a list."""
NONE = "Move to a setting first."


async def change(screen: SettingList) -> None:
    """Another value: the other one of two, one of a list, or what is typed."""
    row = screen.selected
    if row is None or row.setting is None:
        screen.say(NONE)
    elif row.setting.kind is SettingKind.FLAG:
        await put(screen, row, not row.value)
    elif row.setting.kind in CHOSEN:
        screen.program.navigation.open(ShowSettingValues(screen, row))
    elif row.setting.kind is SettingKind.FOLDER:
        await _ask_folder(screen, str(row.setting.path[1]))
    else:
        await _ask(screen, row, row.setting)


async def _ask(screen: SettingList, row: SettingRow, setting: Setting) -> None:
    """Ask until the answer is a value that the setting may have."""
    file = screen.program.engine.paths.config_file

    def read(typed: str) -> tuple[object, str]:
        try:
            value = meant(setting, typed)
        except ValueError as error:
            return None, str(error)
        return value, "" if _empties(setting, value) else fault_of(setting.path, value, file)

    async def meaning(typed: str) -> str:
        value, wrong = read(typed)
        return wrong or safe_line(value_words(setting, value))

    label, help_text = row.name, safe_line(setting.explanation)
    typed = await screen.prompts.ask(label, initial=row.typed, help_text=help_text, meaning=meaning)
    while typed is not None and typed != row.typed:  # what cannot be shown as it is was not changed either
        value, wrong = read(typed)
        if not wrong:
            await put(screen, row, value)
            return
        screen.program.bell()
        typed = await screen.prompts.ask(label, initial=typed, help_text=help_text, meaning=meaning)


async def _ask_folder(screen: SettingList, account: str) -> None:
    """Ask for a folder of the account, and what is kept of it."""
    engine = screen.program.engine
    names = [each.name for each in await engine.mail.folders() if each.account == account]

    async def complete(typed: str) -> Sequence[str]:
        return [each for each in names if each.casefold().startswith(typed.casefold())]

    typed = await screen.prompts.ask("Folder", complete=complete, shown_as=safe_line, help_text="As the list has it.")
    name = (typed or "").strip()
    if not name:
        return
    setting = kept_of(account, next((each for each in names if each.casefold() == name.casefold()), name))
    rows: list[SettingRow] = list(screen.list.source.window(0, screen.list.count))
    there = next((each for each in rows if each.setting is not None and each.setting.path == setting.path), None)
    row = there or SettingRow(dotted(setting.path), setting=setting)
    screen.list.sought = row.id
    screen.program.navigation.open(ShowSettingValues(screen, row))


def _empties(setting: Setting, value: object) -> bool:
    """Nothing was typed, and that is the default as well, or the end of its table: it leaves the file."""
    return not isinstance(value, int | float) and not value and (setting.removes or setting.default in ("", ()))


async def put(screen: Frame, row: SettingRow, value: object) -> None:
    """The setting of ``row`` has ``value`` (as TOML has it) from now on.

    Raises:
        TuimailError: the file cannot be changed like that; nothing is.
    """
    setting = row.setting
    if setting is None or (value == row.value and not row.fault):
        return
    empties = _empties(setting, value)

    def write(file: ConfigFile) -> ConfigChange:
        if empties:
            return file.unset(setting.path[:-1] if setting.removes else setting.path)
        return file.set(setting.path, value)

    await _carry_out(screen, row, write, safe_line(value_words(setting, value)))


async def reset(screen: SettingList) -> None:
    """The default, without anything in the file."""
    row = screen.selected
    if row is None or row.setting is None:
        screen.say(NONE)
        return
    setting = row.setting
    if setting.default is None:
        screen.say(f"{row.name} has no default.")
    elif row.written is None:
        screen.say(f"{row.name} is the default already.")
    else:
        await _carry_out(screen, row, lambda file: file.unset(setting.path), f"{row.default}, the default")


async def _carry_out(screen: Frame, row: SettingRow, write: Callable[[ConfigFile], ConfigChange], words: str) -> None:
    program = screen.program
    file = ConfigFile(program.engine.paths.config_file)
    before = row.words
    done = await asyncio.to_thread(write, file)

    async def step(beneath: Frame) -> None:
        undone = await asyncio.to_thread(file.undo, done)
        beneath.come_back_to(row.id)
        await _go_by(program, undone)
        beneath.reload()
        program.say(f"Undone: {row.name} is {before} again.")

    try:
        await _go_by(program, done)
    finally:
        screen.reload()
        program.undo.offer(f"{row.name}: {words}.", step)


async def _go_by(program: Program, done: ConfigChange) -> None:
    try:
        await program.engine.reconfigure(done.config)
    finally:
        await program.look.follow(done.config.ui)


async def find(screen: SettingList) -> None:
    """Ask for words and move to the next setting that has them."""
    wanted = await screen.prompts.ask(search_label(screen.searched))
    screen.searched = (wanted or "").strip() or screen.searched
    if wanted is None or not screen.searched:
        return
    rows: list[SettingRow] = list(screen.list.source.window(0, screen.list.count))
    at, sought = screen.list.cursor, screen.searched.casefold()
    order = [*range(at + 1, len(rows)), *range(at + 1)]
    found = next((each for each in order if rows[each].setting is not None and sought in _text_of(rows[each])), None)
    if found is None:
        screen.say(f"No setting has {safe_line(screen.searched)}.")
    else:
        screen.list.select(found)


def _text_of(row: SettingRow) -> str:
    explanation = "" if row.setting is None else row.setting.explanation
    return f"{row.name} {row.words} {explanation} {row.id}".casefold()


def _stepping(by: int) -> Action[SettingList]:
    """Move, and over a heading."""

    def step(screen: SettingList) -> None:
        before = screen.list.cursor
        screen.list.move(by)
        if screen.selected is not None and screen.selected.setting is None:
            screen.list.move(by if screen.list.cursor + by in range(screen.list.count) else before - screen.list.cursor)

    return step


ACTIONS: dict[str, Action[SettingList]] = {
    **LIST_ACTIONS,
    "previous": _stepping(-1),
    "next": _stepping(1),
    "change-setting": change,
    "reset-setting": reset,
    "find-setting": find,
    "reread-config": reread,
}
