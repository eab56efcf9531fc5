"""Carries out the journal's actions on a Maildir that other programs change at the same time.

A message gets a new file name when it is moved or copied, and the journal knows that name before the Maildir is
touched: what has it in the target folder has landed. So an action that a crash cut short is proved by looking, and is
never done twice. A message that another program moved or deleted before is left out, with the reason.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.durable import fsync_folder, storage_error
from tuimail.errors import IllegalTransitionError, StorageError
from tuimail.journal.action import ActionKind, ActionState, MessageOutcome, apart
from tuimail.mail.flags import to_maildir
from tuimail.mailboxes.maildir import deliver, unique_name
from tuimail.mailboxes.maildir_folder import (
    TRIES,
    MaildirScanner,
    MessageGoneError,
    change_flags,
    find_path,
    folders_there,
    open_message,
    settled_paths,
)
from tuimail.private_files import make_private, open_private
from tuimail.sync.replay_end import LetterGoneError, ending

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tuimail.journal.action import ActionMessage, MailAction
    from tuimail.journal.letters import LetterFiles
    from tuimail.journal.store import ActionJournal

MOST_TRIES = 3
"""Times that an action is tried which the disk refuses; then the user is asked."""
PAUSE = 1200.0
"""Seconds between two tries."""

_FINAL = {errno.EACCES, errno.EPERM, errno.EROFS}
"""What will not change by itself."""
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
"""The target folder is on another disk, or the file system has no hard links."""
_PIECE = 256 * 1024


class MaildirReplayer:
    """The journal's actions of one account with a Maildir. Only the holder of the account's lock may have one."""

    def __init__(self, journal: ActionJournal, account: str, root: Path, owner: str) -> None:
        self._journal = journal
        self._account = account
        self._root = root
        self._owner = owner
        self._paths: dict[Path, dict[str, str]] = {}
        """Where messages were when their folder was listed, by folder and unique part."""

    def replay(self) -> list[MailAction]:
        """Carry out every action whose turn it is; they are returned as they are now.

        Raises:
            StorageError: the journal cannot be written, or the Maildir is not there.
        """
        ended = []
        while found := list(apart(self._journal.ready(self._account))):
            self._paths.clear()
            for action in found:
                with contextlib.suppress(IllegalTransitionError):  # it was undone since
                    ended.append(self._carry_out(action))
        return ended

    def _carry_out(self, action: MailAction) -> MailAction:
        folders = {each.name: each.path for each in folders_there(self._root)}
        begun = action.state is ActionState.SENT or any(each.landed for each in action.messages)
        moving = action.kind in (ActionKind.MOVE, ActionKind.COPY)
        appending = action.kind is ActionKind.APPEND
        landed = [_new_name(each.key) for each in action.messages] if moving else ()
        if appending:
            landed = [unique_name(), *("" for _ in action.messages[1:])]
        action = self._journal.mark(action.id, self._owner, landed=landed)
        if action.folder not in folders:
            return self._end(action, ActionState.DROPPED, f"There is no folder {action.folder} any more.")
        if moving and action.target not in folders:
            return self._end(action, ActionState.REFUSED, f"There is no folder {action.target}.")
        if action.add_keywords or action.remove_keywords:
            return self._end(action, ActionState.REFUSED, "A Maildir keeps no keywords.")
        messages = list(action.messages)
        try:
            letters = self._journal.letters
            folder, target = folders[action.folder], folders.get(action.target)
            listed = {} if begun or appending else self._listed(folder)
            work = _Work(action, folder, target, letters, listed, begun=begun)
            for index, each in enumerate(messages):
                if each.outcome is MessageOutcome.OPEN:
                    messages[index] = replace(each, outcome=work.do(each))
            work.make_durable()
        except StorageError as error:
            return self._failed(action, messages, error)
        except LetterGoneError as error:
            return self._end(action, ActionState.DROPPED, str(error))
        if action.letter:
            self._journal.letters.remove(action.letter)
        return self._done(action, messages)

    def _listed(self, folder: Path) -> dict[str, str]:
        """Listed once for many actions: what was renamed since is looked for. Raises StorageError."""
        if folder not in self._paths:
            self._paths[folder] = MaildirScanner(folder).scan().appeared
        return self._paths[folder]

    def _done(self, action: MailAction, messages: list[ActionMessage]) -> MailAction:
        return self._end(action, *ending(messages), messages)

    def _failed(self, action: MailAction, messages: list[ActionMessage], error: StorageError) -> MailAction:
        refused = isinstance(error.__cause__, OSError) and error.__cause__.errno in _FINAL
        if refused or action.tries + 1 >= MOST_TRIES:
            return self._end(action, ActionState.REFUSED, str(error), messages)
        # What was done of it may not be on the disk yet, so that the next try looks at every message again.
        return self._journal.put_off(action.id, self._owner, action.messages, str(error), PAUSE)

    def _end(
        self, action: MailAction, state: ActionState, words: str, messages: list[ActionMessage] | None = None
    ) -> MailAction:
        return self._journal.finish(
            action.id, self._owner, state, action.messages if messages is None else messages, words
        )


class _Work:
    """One action on the files."""

    def __init__(
        self,
        action: MailAction,
        folder: Path,
        target: Path | None,
        letters: LetterFiles,
        listed: dict[str, str],
        *,
        begun: bool,
    ) -> None:
        """``listed``: where messages of ``folder`` were, for what was not ``begun`` before."""
        self._action = action
        self._letters = letters
        self._folder = folder
        self._target = folder if target is None else target
        self._begun = begun
        # What was done before is told by what is missing: asked once of all, for a listing of a large folder is long.
        self._paths, here = settled_paths(folder) if begun else (listed, False)
        self._arrived, there = settled_paths(self._target) if begun and target is not None else ({}, True)
        self._complete = here and there
        """What is not listed is not there; else each message is looked for, which costs a listing of its own."""
        self._do: dict[ActionKind, Callable[[ActionMessage], MessageOutcome]] = {
            ActionKind.FLAG: self._flag,
            ActionKind.MOVE: self._move,
            ActionKind.COPY: self._copy,
            ActionKind.DELETE: self._delete,
            ActionKind.APPEND: self._append,
        }

    def do(self, message: ActionMessage) -> MessageOutcome:
        """Do it to one message. Raises StorageError: the disk refuses."""
        try:
            return self._do[self._action.kind](message)
        except MessageGoneError:
            return MessageOutcome.GONE

    def make_durable(self) -> None:
        """The target first: a power cut may leave a message in both folders, never in none."""
        for folder in dict.fromkeys((self._target, self._folder)):
            for part in ("cur", "new"):
                if (folder / part).is_dir():
                    fsync_folder(folder / part)

    def _flag(self, message: ActionMessage) -> MessageOutcome:
        add, remove = to_maildir(self._action.add), to_maildir(self._action.remove)
        change_flags(self._folder, message.key, add=add, remove=remove, path=self._paths.get(message.key, ""))
        return MessageOutcome.DONE

    def _move(self, message: ActionMessage) -> MessageOutcome:
        if not self._has_landed(message):
            self._on_current_path(message, self._rename)
        elif message.key in self._paths or not self._complete:
            self._remove_left_over(message)
        return MessageOutcome.DONE

    def _copy(self, message: ActionMessage) -> MessageOutcome:
        if not self._has_landed(message):
            self._on_current_path(message, self._link)
        return MessageOutcome.DONE

    def _append(self, message: ActionMessage) -> MessageOutcome:
        """The new one; the others, which come later, are replaced by it."""
        if not message.landed:
            fsync_folder(self._target / "cur")  # the new one is durable before an older one goes
            return self._delete(message)
        if not self._has_landed(message):
            if self._letters.size(self._action.letter) is None:
                raise LetterGoneError()
            flags, at = to_maildir(self._action.add), self._action.arrived or self._action.created
            pieces = self._letters.pieces(self._action.letter)
            deliver(self._target, pieces, flags=flags, date=at, name=message.landed)
        return MessageOutcome.DONE

    def _delete(self, message: ActionMessage) -> MessageOutcome:
        if self._begun and self._complete and message.key not in self._paths:
            return MessageOutcome.DONE
        try:
            self._on_current_path(message, lambda _, path: (self._folder / path).unlink())
        except MessageGoneError:
            return MessageOutcome.DONE if self._begun else MessageOutcome.GONE
        return MessageOutcome.DONE

    def _has_landed(self, message: ActionMessage) -> bool:
        if not self._begun:
            return False
        if message.landed in self._arrived or self._complete:
            return message.landed in self._arrived
        return find_path(self._target, message.landed) is not None

    def _on_current_path(self, message: ActionMessage, step: Callable[[ActionMessage, str], None]) -> None:
        """Do ``step`` to the message's file, under whatever name it has by now."""
        path = self._paths.get(message.key)
        for _ in range(TRIES):
            path = path or find_path(self._folder, message.key)
            if path is None:
                raise MessageGoneError("The letter is gone: another program moved or deleted it.")
            try:
                return step(message, path)
            except FileNotFoundError as error:
                if (self._folder / path).exists():
                    raise storage_error(self._target, error) from error
                path = None
            except OSError as error:
                raise storage_error(self._folder / path, error) from error
        raise StorageError(f"Another program renames {message.key} all the time.", hint="Try again in a moment.")

    def _rename(self, message: ActionMessage, path: str) -> None:
        try:
            (self._folder / path).rename(self._target_path(message, path))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_bytes(message, path)
            self._remove_left_over(message)

    def _link(self, message: ActionMessage, path: str) -> None:
        try:
            os.link(self._folder / path, self._target_path(message, path), follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            self._copy_bytes(message, path)

    def _target_path(self, message: ActionMessage, path: str) -> Path:
        """What is new stays new; flags stay."""
        info = path.partition(":")[2]
        new = path.startswith("new/") and (self._target / "new").is_dir()
        part, info = ("new", f":{info}" if info else "") if new else ("cur", f":{info or '2,'}")
        return self._target / part / f"{message.landed}{info}"

    def _copy_bytes(self, message: ActionMessage, path: str) -> None:
        """Only what is whole and on the disk gets its name in the target folder."""
        source, path = open_message(self._folder, message.key, path=path)
        temporary = self._target / "tmp" / message.landed
        with source:
            info = os.fstat(source.fileno())
            make_private(temporary.parent)
            temporary.unlink(missing_ok=True)  # of a try that was cut short
            try:
                with os.fdopen(open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                    while piece := source.read(_PIECE):
                        file.write(piece)
                    file.flush()
                    os.utime(file.fileno(), ns=(info.st_atime_ns, info.st_mtime_ns))  # readers show it as the arrival
                    os.fsync(file.fileno())
                temporary.rename(target := self._target_path(message, path))
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        fsync_folder(target.parent)

    def _remove_left_over(self, message: ActionMessage) -> None:
        """After a move to another disk: what was copied is removed here, also if that was cut short before."""
        path, arrived = find_path(self._folder, message.key), find_path(self._target, message.landed)
        if path is None or arrived is None:
            return
        with contextlib.suppress(FileNotFoundError):
            try:
                if (self._folder / path).stat().st_size == (self._target / arrived).stat().st_size:
                    (self._folder / path).unlink()
            except FileNotFoundError:
                raise
            except OSError as error:
                raise storage_error(self._folder / path, error) from error


def _new_name(key: str) -> str:
    """A new unique part; the sizes that Dovecot keeps behind a comma stay."""
    _, comma, sizes = key.partition(",")
    return f"{unique_name()}{comma}{sizes}"
