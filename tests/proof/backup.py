"""Yesterday's outbox is put back: what was sent since must not go again.

Some letters wait and some are held when the folder is copied. Those that wait go out; then the copy is put back in
place of the outbox. Here the program knows by its note outside of the folder, and the rest goes on as if nothing had
happened; on another computer, which has no such note, everything is asked and nothing goes by itself.
"""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from tests.proof.figure import Figure, Rig, plural, total
from tests.proof.household import household
from tests.proof.life import reckon
from tests.proof.witness import copies, witness
from tests.proof.workers import spread, workshop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZES = {True: (20, 40), False: (1, 8)}
"""Full or quick -> backups put back in each of two ways, and the letters in each."""


def put_back(letters: int, folder: Path, chosen: Sequence[tuple[int, bool]]) -> Figure:
    """Put backups back; ``elsewhere`` on another computer."""
    figures = [Figure()]
    for number, elsewhere in chosen:
        place = f"{'elsewhere' if elsewhere else 'here'} {number}"
        with witness(folder / f"ledger {place}") as server:
            home = household(folder / place, server.port)
            assert home.queue_many(range(letters)).wait().code == 0
            held = [item["id"] for item in home.listed()[: letters // 2]]
            assert home.forked("outbox", "hold", *held).code == 0
            shutil.copytree(home.outbox, folder / f"backup {place}")
            assert home.forked("outbox", "run").code == 0
            shutil.rmtree(home.outbox)
            shutil.copytree(folder / f"backup {place}", home.outbox)
            if elsewhere:
                shutil.rmtree(home.home / ".local" / "state")
            sent = len(server.taken())
            wrong = () if sent == letters - len(held) else (f"{sent} were sent before",)
            ran = [home.forked("outbox", "run").code for _ in range(2)]
            again = sum(count - 1 for count in copies(server.taken()).values())
            gone = len(server.taken()) - sent - again
            if gone or any(ran):
                wrong = (*wrong, f"{gone} held letters went, codes {ran}")
            figure = Figure(doubled=again, failures=wrong)
            if not elsewhere:
                figure += reckon(home, server, letters=letters)
        figures.append(figure.at(place))
    return total(figures)


def run(full: bool) -> Figure:
    """The rig."""
    backups, letters = SIZES[full]
    chosen = [(number, elsewhere) for number in range(backups) for elsewhere in (False, True)]
    with workshop() as folder:
        figures = spread(partial(put_back, letters), chosen, folder)
    return total([Figure(f"{plural(len(chosen), 'backup')} of {letters} letters"), *figures])


RIG = Rig("backup", "yesterday's outbox put back, here and on another computer: nothing that was sent goes again", run)
