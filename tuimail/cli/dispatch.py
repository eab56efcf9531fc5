"""Chooses the command and turns its result or error into an exit code and one sentence. Quick to import."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Protocol, cast

from tuimail import __version__
from tuimail.cli.interrupts import Terminated
from tuimail.cli.streams import give_up_output, secure
from tuimail.errors import EX_CANTCREAT, EX_NOPERM, EX_OK, EX_SOFTWARE, TuimailError, UsageError
from tuimail.platform_events import core_dumps

if TYPE_CHECKING:
    from tuimail.paths import Paths

COMMANDS = {
    "compose": "write a letter in the composer",
    "send": "send a letter: the text comes from standard input or a file",
    "outbox": "list, show and manage the letters in the outbox",
    "folders": "list the folders of your accounts",
    "sync": "look at your servers, carry out what waits, fetch letters",
    "search": "find letters by words, or by mutt's patterns",
    "show": "print one letter",
    "flag": "mark letters as read, flagged, answered, or take that away",
    "move": "move letters to another folder",
    "copy": "copy letters to another folder",
    "delete": "move letters to the trash, or from there delete them for good",
    "journal": "changes of mail not done yet: list, try again, drop",
    "run": "send, carry out and sync without a screen, until ^C",
    "account": "add and list accounts, check that they work, store a password",
    "doctor": "check everything, and say what to do about it",
    "demo": "try tuimail on an embedded account, without config or network",
}
"""Every command with its line in the help. Each is in the module of the same name."""

EX_INTERRUPTED = 130
"""Exit code of a process ended by ^C, as in a shell."""

EX_TERMINATED = 143
"""Exit code of a process ended by SIGTERM, as in a shell."""

EX_PIPE = 141
"""Exit code of a process ended by SIGPIPE, as in a shell."""

HELP = """\
usage: tuimail [-f FOLDER] | COMMAND [OPTION]...

A mail client for the terminal with an outbox: press send and keep working.
Without a command it opens the app.

commands:
{commands}

options:
  -f FOLDER      open the app at this folder; in another account: ACCOUNT:FOLDER
  -h, --help     show this, or with a command, that command's help
  --version      show the version

examples:
  tuimail demo                                    look around; nothing is needed
  tuimail account add ada@example.org             set up an account
  tuimail compose bob@example.net -s Thursday     write to Bob
  date | tuimail send bob@example.net -s "It is"  send from a script
  tuimail outbox list                             what is on its way
  tuimail search '~f kim minutes'                 find a letter
  tuimail run                                     send and sync without a screen

The config is {config}.
"""


class Module(Protocol):
    """The interface of a command's module."""

    def run(self, argv: list[str], paths: Paths) -> int:
        """Run the command; returns its exit code, raises TuimailError."""
        ...


def main(argv: list[str] | None = None) -> int:
    """Run one command; ``argv`` defaults to the process's own. Returns a sysexits code and never raises."""
    words = sys.argv[1:] if argv is None else argv
    secure()
    if argv is None:
        core_dumps.forbid()
    if "TZ" in os.environ:
        _leave_odd_zone()
    try:
        return _flushed(words, own_process=argv is None)
    finally:
        if "tuimail.platform_events.watchdog" in sys.modules:
            from tuimail.platform_events import watchdog

            watchdog.leaving()
        if argv is None:
            gc.freeze()  # the process ends: to look for cycles among everything imported would be for nothing


def _leave_odd_zone() -> None:
    from tuimail.clock import leave_odd_zone

    if odd := leave_odd_zone():
        from tuimail.cli.output import print_note

        print_note(f"tuimail: TZ={odd} is a day or more away from UTC; times are in UTC.")


def _flushed(words: list[str], *, own_process: bool) -> int:
    try:
        code = _guarded(words, own_process=own_process)
        sys.stdout.flush()
    except BrokenPipeError:
        give_up_output()
        return EX_PIPE
    except OSError as error:
        give_up_output()
        _complain(f"Standard output cannot be written to: {error.strerror or error}.", "The command itself succeeded.")
        return EX_CANTCREAT
    except KeyboardInterrupt:
        return EX_INTERRUPTED
    except Terminated:
        return EX_TERMINATED
    return code


def _guarded(words: list[str], *, own_process: bool) -> int:
    if words[:1] in (["--version"], ["-V"]):
        sys.stdout.write(f"tuimail {__version__}\n")
        return EX_OK
    from tuimail.paths import Paths

    paths = None
    try:
        paths = Paths.from_environment()
        if own_process:
            _watch_over(paths)
        return _dispatch(words, paths)
    except TuimailError as error:
        _complain(str(error), error.hint)
        return error.exit_code
    except SystemExit as done:  # argparse, after --help
        return done.code if isinstance(done.code, int) else EX_OK
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _complain(f"The system refused: {error.strerror or error}{where}.", "Check the disk and its permissions.")
        return EX_NOPERM if isinstance(error, PermissionError) else EX_CANTCREAT
    except Exception as error:  # noqa: BLE001  the last line of defence: a sentence, never a traceback
        details = f"The details are in {paths.log_file}; " if paths else ""
        _complain(
            f"Something went wrong inside tuimail ({type(error).__name__}). Letters in the outbox are safe.",
            f"{details}TUIMAIL_DEBUG=1 shows them here.",
        )
        if os.environ.get("TUIMAIL_DEBUG"):
            import traceback

            traceback.print_exc()
        return EX_SOFTWARE


def _watch_over(paths: Paths) -> None:
    """Start the watchdog, which ends a process that hangs and logs where."""
    from functools import partial

    from tuimail.log import write_entry
    from tuimail.platform_events import watchdog

    watchdog.begin(partial(write_entry, paths.log_file, watchdog.__name__))


def _dispatch(words: list[str], paths: Paths) -> int:
    first = words[0] if words else ""
    if first in ("-h", "--help", "help"):
        lines = "\n".join(f"  {name:<10} {line}" for name, line in COMMANDS.items())
        sys.stdout.write(HELP.format(commands=lines, config=paths.config_file))
        return EX_OK
    if not first or first in ("-f", "--folder"):
        return _run("app", words, paths)
    if first in COMMANDS:
        return _run(first, words[1:], paths)
    from tuimail.config.reading import nearest_to, shown

    nearest = nearest_to(first, COMMANDS)
    what = "option" if first.startswith("-") else "command"
    meant = f" Did you mean {nearest}?" if nearest else ""
    raise UsageError(f"There is no {what} {shown(first)}.{meant}", hint="Try: tuimail --help")


def _run(name: str, words: list[str], paths: Paths) -> int:
    import logging

    from tuimail.log import logging_to
    from tuimail.sasl import remember_in

    remember_in(paths.sign_in_file)
    module = cast("Module", importlib.import_module(f"tuimail.cli.{name}"))
    level = logging.DEBUG if os.environ.get("TUIMAIL_DEBUG") else logging.WARNING
    with logging_to(paths.log_file, level=level):
        try:
            return module.run(words, paths)
        except (TuimailError, BrokenPipeError):
            raise
        except Exception:
            logging.getLogger(__name__).exception("unexpected, in %s", name)
            raise


def _complain(sentence: str, hint: str) -> None:
    from tuimail.cli.output import print_error

    print_error(sentence, hint)
