"""Changes config.toml: accounts are added and removed, single settings set and unset; all else stays as it is.

The new text is read by config/loader before it takes the place of the old one. What a change returns undoes it, as long
as nobody else has changed the file. Everything here blocks: it is for threads, and for commands.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuimail.config.account import account_name_fault
from tuimail.config.loader import parse
from tuimail.config.model import Config
from tuimail.config.reading import Source, decoded, dotted, parse_toml, read_bytes, shown
from tuimail.config.toml_edit import EditError, set_value, unset_value, value_at, values_of
from tuimail.config.trust import distrust
from tuimail.coordination.folder_writing import writing_in
from tuimail.durable import fsync_folder, put_in_place, storage_error, write_aside
from tuimail.errors import ConfigError, UsageError
from tuimail.private_files import make_private, open_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tuimail.config.model import Problem
    from tuimail.config.toml_edit import Keys

TRIES = 5
"""How often a file that other programs change at the same time is read again."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """A change that was carried out."""

    config: Config
    """What the file says now; its problems are those that it had before, and new warnings."""
    before: bytes | None
    """The file as it was; None: there was none."""
    after: bytes | None
    """The file as it is now."""


class ConfigFile:
    """The user's config.toml, to be changed.

    Every change raises:
        UsageError: what is asked for cannot be meant.
        ConfigError: the file as it would be has a new problem; or the file that is there cannot be read, is not trusted
            or is read only. It was not changed.
        StorageError: the disk refuses.
    """

    def __init__(self, file: Path) -> None:
        """``file`` need not exist; its folder is made private with it. A symlink stays one."""
        self.file = file

    def values(self) -> dict[str, Any]:
        """What the file says, as TOML has it; nothing if it does not exist. Raises ConfigError as a change would."""
        return values_of(self._text(self._read() or b""))

    def add_account(self, name: str, settings: Mapping[str, object]) -> ConfigChange:
        """Add ``[accounts.NAME]`` at the end of the file; ``settings`` are the keys and tables in it."""
        if fault := account_name_fault(name):
            raise UsageError(f"The account cannot be called {shown(name)}. {fault}", hint="Choose another name.")
        path = ("accounts", name)

        def edit(text: str) -> str:
            if _find(text, path) is not None:
                raise UsageError(f"There is an account {shown(name)} already.", hint="Choose another name.")
            return set_value(text, path, settings)

        return self._change(edit, path)

    def remove_account(self, name: str) -> ConfigChange:
        """Remove an account with all its tables; it is no longer the default one either."""
        path = ("accounts", name)

        def edit(text: str) -> str:
            if _find(text, path) is None:
                raise UsageError(f"There is no account {shown(name)} in {self.file}.")
            text = unset_value(text, path)
            return unset_value(text, ("default_account",)) if _find(text, ("default_account",)) == name else text

        return self._change(edit, path)

    def set(self, key: str | Keys, value: object) -> ConfigChange:
        """Set one setting: ``"ui.theme"``, or its keys one by one."""
        path = keys_of(key)
        return self._change(lambda text: text if _has(text, path, value) else set_value(text, path, value), path)

    def unset(self, key: str | Keys) -> ConfigChange:
        """Remove one setting, so that its default holds; nothing if it is not there."""
        path = keys_of(key)
        return self._change(lambda text: text if _find(text, path) is None else unset_value(text, path), path)

    def undo(self, change: ConfigChange) -> ConfigChange:
        """Put back what was there before ``change``; the result undoes that. Refused if the file is another by now."""
        with self._locked():
            if self._read() != change.after or not self._replace(change.after, change.before):
                raise ConfigError(
                    f"{self.file} was changed meanwhile, so it was left as it is.", hint=f"Look at {self.file}."
                )
        config = Config() if change.before is None else parse(self._text(change.before), self.file)
        return ConfigChange(config, change.after, change.before)

    def _change(self, edit: Callable[[str], str], path: Keys) -> ConfigChange:
        with self._locked():
            for _ in range(TRIES):
                raw = self._read()
                text = self._text(raw or b"")
                try:
                    made = edit(text)
                except EditError as error:
                    raise ConfigError(
                        f"{self.file}: {dotted(path)} cannot be changed without changing other settings ({error}).",
                        hint=f"Change it in {self.file} yourself.",
                    ) from error
                config = self._checked(text, made, path)
                after = _encoded(made, raw)
                if made == text or self._replace(raw, after):
                    return ConfigChange(config, raw, raw if made == text else after)
        raise ConfigError(f"Another program goes on changing {self.file}.", hint="Try again when it has finished.")

    def _checked(self, text: str, made: str, path: Keys) -> Config:
        """The config of the new text. Raises ConfigError if it has a problem that the old one has not."""
        config = parse(made, self.file)
        known = Counter(_same(each) for each in parse(text, self.file).problems)
        new = []
        for each in config.problems:
            if not each.warning and known[_same(each)] <= 0:
                new.append(each)
            known[_same(each)] -= 1
        if new:
            # Others may only follow from that of the setting itself.
            first = next((each for each in new if each.key.startswith(dotted(path))), new[0])
            meant = f" Did you mean {first.nearest}?" if first.nearest else ""
            raise ConfigError(
                f"{dotted(path)} was not changed. {first.key}: {first.expected}{meant}", hint="Choose another value."
            )
        return config

    # -- the file

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self.file.is_symlink() and not self.file.exists():
            raise ConfigError(f"{self.file} is a broken link.", hint="Mend or remove it first.")
        try:
            make_private(self._target.parent)
        except OSError as error:
            raise storage_error(self.file, error) from error
        with writing_in(self._target.parent):
            yield

    @property
    def _target(self) -> Path:
        return self.file.resolve()

    def _read(self) -> bytes | None:
        """What is in the file; None: there is none."""
        source = Source(self.file)
        try:
            raw = read_bytes(source)
        except FileNotFoundError:
            return None
        if raw is None:
            raise _unusable(source)
        return raw

    def _text(self, raw: bytes) -> str:
        """As text that is TOML."""
        source = Source(self.file)
        text = decoded(source, raw)
        if text is None or parse_toml(source, text) is None:
            raise _unusable(source)
        return text

    def _replace(self, before: bytes | None, after: bytes | None) -> bool:
        """Make ``after`` the content of the file, durably; False: it is not ``before`` any more."""
        target = self._target
        self._refuse_read_only(target)
        if after is None:
            if self._read() != before:
                return False
            target.unlink(missing_ok=True)
            fsync_folder(target.parent)
            return True
        temporary = write_aside(target, after)
        try:
            self._refuse_untrusted(temporary)
            if self._read() != before:
                return False
            put_in_place(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        fsync_folder(target.parent)
        return True

    def _refuse_read_only(self, target: Path) -> None:
        try:
            mode = target.stat().st_mode
        except FileNotFoundError:
            return
        if not mode & stat.S_IWUSR or not os.access(target, os.W_OK):
            raise ConfigError(
                f"{self.file} is read only, so it was not changed.",
                hint="Make it writable, or change it where it is made.",
            )

    def _refuse_untrusted(self, temporary: Path) -> None:
        """A file that would not be read afterwards is not made."""
        descriptor = open_private(temporary, os.O_RDONLY)
        try:
            fault = distrust(temporary, descriptor)
        finally:
            os.close(descriptor)
        if fault:
            raise ConfigError(f"{self.file}: {fault}")


def keys_of(key: str | Keys) -> Keys:
    """The keys of a setting as the user writes it: ``accounts."dot.ted".name``. Raises UsageError."""
    if not isinstance(key, str):
        return key
    values: object = {}
    with suppress(ValueError, RecursionError):
        values = values_of(f"{key} = 0") if "\n" not in key else {}
    path: Keys = ()
    while isinstance(values, dict) and len(values) == 1:
        ((name, values),) = values.items()
        path = (*path, name)
    if values != 0 or not path:
        raise UsageError(f"{shown(key)} is not the name of a setting.", hint='Write it like "ui.theme".')
    return path


def _find(text: str, path: Keys) -> object | None:
    return value_at(values_of(text), path)


def _has(text: str, path: Keys, value: object) -> bool:
    """It has this value already, of the same kind."""
    found = _find(text, path)
    return type(found) is type(value) and found == value


def _same(problem: Problem) -> tuple[str, str]:
    """A problem, wherever its line is now."""
    return problem.key, problem.expected


def _encoded(text: str, before: bytes | None) -> bytes:
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError("The setting has characters that cannot be written.", hint="Write it anew.") from error
    return _BYTE_ORDER_MARK + raw if before is not None and before.startswith(_BYTE_ORDER_MARK) else raw


def _unusable(source: Source) -> ConfigError:
    return ConfigError(f"{source.problems[0]}", hint=f"Mend {source.file} first; it was not changed.")
