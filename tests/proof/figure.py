"""What a rig came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Figure:
    """Counts of a rig. What a rig counts as one letter or one recipient, its docstring says."""

    size: str = ""
    """How much was done, in words: "1,284 kills"."""
    lost: int = 0
    """Letters somebody was told of that are neither in the outbox nor with the server in the end."""
    doubled: int = 0
    """Letters a recipient got more than once without having asked for it."""
    wrong: int = 0
    """Letters that arrived with other bytes than were written."""
    flagged: int = 0
    """Letters shown as uncertain."""
    needless: int = 0
    """Of these, letters the server never got."""
    failures: tuple[str, ...] = ()
    """What else went wrong, a sentence each."""
    skipped: str = ""
    """Why the rig cannot run on this machine."""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Nothing lost, doubled, damaged or otherwise wrong."""
        return not (self.lost or self.doubled or self.wrong or self.failures or self.skipped)

    def __add__(self, other: Figure) -> Figure:
        """The sum; the size in words is the first one's."""
        return replace(
            self,
            lost=self.lost + other.lost,
            doubled=self.doubled + other.doubled,
            wrong=self.wrong + other.wrong,
            flagged=self.flagged + other.flagged,
            needless=self.needless + other.needless,
            failures=self.failures + other.failures,
        )

    def at(self, place: str) -> Figure:
        """The same, with ``place`` named in what went wrong."""
        told = self.failures
        if self.lost or self.doubled or self.wrong:
            told = (f"lost {self.lost}, doubled {self.doubled}, wrong {self.wrong}", *told)
        return replace(self, failures=tuple(f"{place}: {each}" for each in told))

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def figure_of(document: dict[str, Any]) -> Figure:
    """The inverse of ``Figure.document``."""
    known = {each.name for each in fields(Figure)}
    values = {name: value for name, value in document.items() if name in known}
    return Figure(**values | {"failures": tuple(values.get("failures", ()))})


@dataclass(frozen=True, slots=True)
class Rig:
    """A way to break the program."""

    name: str
    what: str
    """Its line in the table."""
    run: Callable[[bool], Figure] = field(compare=False)
    """``run(full)``."""
    missing: Callable[[], str] = field(default=lambda: "", compare=False)
    """What the machine lacks for it; empty: nothing."""


def total(figures: list[Figure]) -> Figure:
    """All of them as one."""
    first, *rest = figures
    return sum(rest, first)


def plural(count: int, thing: str) -> str:
    """ "1,284 kills"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
