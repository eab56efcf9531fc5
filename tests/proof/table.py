"""The table "How safe is it" of the README, made from the figures of the last full run of each rig."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proof.figure import Figure, figure_of
from tests.readme import README

if TYPE_CHECKING:
    from collections.abc import Mapping

FIGURES = Path(__file__).with_name("figures.json")
BEGIN, END = "<!-- proof -->\n", "<!-- /proof -->\n"
COLUMNS = ("what was done", "size", "lost", "doubled", "wrong bytes", "flagged uncertain", "of these needlessly")
HEAD = f"| {' | '.join(COLUMNS)} |\n|---|---|{'--:|' * 5}"


def markdown(figures: Mapping[str, Figure]) -> str:
    """The table of ``figures``, in their order."""
    rows = [HEAD]
    for name, each in figures.items():
        what = importlib.import_module(f"tests.proof.{name}").RIG.what
        if each.skipped:
            rows.append(f"| {what} | not run: {each.skipped} | | | | | |")
        else:
            counts = " | ".join(f"{n:,}" for n in (each.lost, each.doubled, each.wrong, each.flagged, each.needless))
            rows.append(f"| {what} | {each.size} | {counts} |")
    return "\n".join(rows)


def sentence(figure: Figure) -> str:
    """A figure in a line, and what went wrong below it."""
    if figure.skipped:
        return f"skipped: {figure.skipped}"
    failed = [f"  {each}" for each in figure.failures[:20]]
    if len(figure.failures) > len(failed):
        failed.append(f"  and {len(figure.failures) - len(failed)} more")
    head = (
        f"{figure.size}; lost {figure.lost}, doubled {figure.doubled}, wrong {figure.wrong}, "
        f"flagged {figure.flagged}, needlessly {figure.needless}; {figure.seconds:.0f} s"
    )
    return "\n".join((head, *failed))


def kept() -> dict[str, Figure]:
    """The figures of the last full runs, in the order of the table."""
    from tests.proof.__main__ import NAMES

    found = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return {name: figure_of(found[name]) for name in NAMES if name in found}


def keep(name: str, figure: Figure) -> None:
    """Remember the figure of a full run, and write the README's table anew."""
    figures = {**kept(), name: figure}
    FIGURES.write_text(json.dumps({name: each.document() for name, each in figures.items()}, indent=1) + "\n")
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    README.write_text(pattern.sub(lambda _: BEGIN + section() + END, text), encoding="utf-8")


def section() -> str:
    """What stands in the README."""
    return markdown(kept()) + "\n"


def written() -> str:
    """The section as it stands in the README."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
