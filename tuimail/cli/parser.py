"""argparse with sysexits, suggestions for misspelt words, and examples below the help."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, NoReturn

from tuimail.cli.output import terminal_width
from tuimail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Parser(argparse.ArgumentParser):
    """The parser of one command. A usage error raises UsageError (exit code 64)."""

    def __init__(
        self,
        *,
        prog: str | None = None,
        description: str | None = None,
        examples: Sequence[str] = (),
        **rest: Any,  # the arguments that add_parser() passes differ between versions of Python
    ) -> None:
        super().__init__(
            **{
                **rest,
                "prog": prog,
                "description": description,
                "epilog": "examples:\n" + "\n".join(f"  {line}" for line in examples) if examples else None,
                "formatter_class": _formatter,
                "allow_abbrev": False,
            }
        )

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the problem and a hint."""
        raise UsageError(_sentence(message), hint=f"Try: {self.prog} --help")


def count_of_letters(text: str) -> int:
    """The type of ``--limit``: a number from 1. Raises ArgumentTypeError, which argparse puts into its sentence."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not int(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number of letters")
    return int(text)


def _formatter(prog: str) -> argparse.HelpFormatter:
    """It is made for every argument that is added; without a width it would import shutil and what that needs."""
    return argparse.RawDescriptionHelpFormatter(prog, width=terminal_width() - 2)


def _sentence(message: str) -> str:
    """The message of argparse as a sentence, with a suggestion if a word is unknown."""
    from tuimail.mail.text import safe_line

    unknown = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)$", message)
    if unknown:
        from tuimail.config.reading import nearest_to, shown

        choices = [choice.strip().strip("'") for choice in unknown[2].split(",")]
        nearest = nearest_to(unknown[1], choices)
        meant = f" Did you mean {nearest}?" if nearest else f" Choose from {', '.join(choices)}."
        return f"There is no {shown(unknown[1])} here.{meant}"
    words = safe_line(message)
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
