"""The key table of the README, made from the command table: ``python -m tests.readme`` writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.ui.commands.command import LISTS, PAGERS, Context
from tuimail.ui.commands.keymap import keymap
from tuimail.ui.commands.table import TABLE

if TYPE_CHECKING:
    from tuimail.ui.commands.command import Command

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- keys -->\n", "<!-- /keys -->\n"


def place(command: Command) -> str:
    """The heading a command stands under."""
    contexts = command.contexts
    if contexts & LISTS and contexts & PAGERS and len(contexts) > 4:
        return "Lists and texts"
    if len(contexts & LISTS) > 2:
        return "Lists and texts"
    first = next(context for context in Context if context in contexts)
    return {
        Context.ITEM: Context.OUTBOX.heading,
        Context.COMPOSE_HEADER: "Composer" if Context.COMPOSE_BODY in contexts else "Composer, header",
    }.get(first, first.heading)


def key_section() -> str:
    """The tables, in Markdown."""
    pine, mutt = keymap("pine"), keymap("mutt")
    groups: dict[str, list[str]] = {}
    for command in TABLE:
        row = f"| {command.title} | {keys(pine.all_keys(command.id))} | {keys(mutt.all_keys(command.id))} |"
        groups.setdefault(place(command), []).append(row)
    parts = []
    for heading, rows in groups.items():
        parts += [f"**{heading}**\n", "| | pine | mutt |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def keys(shown: str) -> str:
    """Keys in code style; a bar and a backtick would break the table."""
    return " ".join("`` ` ``" if key == "`" else f"`{key}`".replace("|", "\\|") for key in shown.split())


def written() -> str:
    """The section as it stands in the README."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    """Write the section."""
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    README.write_text(pattern.sub(lambda _: BEGIN + key_section() + END, text), encoding="utf-8")


if __name__ == "__main__":
    main()
