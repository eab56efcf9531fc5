"""The life of a letter from "send" to the end, however often it is broken off; and the reckoning afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.proof.figure import Figure
from tests.proof.witness import copies, sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.journeys.program import Ran
    from tests.proof.household import Household
    from tests.proof.witness import Witness

ROUNDS = 8
"""So often the program is started again to bring everything to its end."""


@dataclass(frozen=True, slots=True)
class Case:
    """A letter to send."""

    name: str
    people: tuple[str, ...]
    size: int = 200

    def to(self, number: int) -> list[str]:
        """Addresses nobody wrote to before."""
        return [f"{each}{number}@example.net" for each in self.people]


ONE = Case("1 recipient", ("bob",))
THREE = Case("3 recipients, one deferred", ("ann", "later", "kim"))
LARGE = Case("10 MB", ("bob",), 10_000_000)


def queue(home: Household, case: Case, number: int, before: Callable[[], object] | None = None) -> bool:
    """``tuimail send --queue``; whether the user was told that the letter is queued."""
    words = ("send", "--queue", *case.to(number), "-s", f"letter {number}")
    return told(home.forked(*words, text=sealed(number, case.size), before=before))


def told(ran: Ran) -> bool:
    """What a user reads as: it is safe now."""
    return "queued as " in ran.out


def reckon(home: Household, server: Witness, *, since: int = 0, letters: int) -> Figure:
    """Start the program again until all is through, as its user would; then compare the outbox with the server.

    ``letters``: so many the user was told of. An uncertain letter is settled by what the server knows: "it was sent"
    if it has it, "send again" if not. So nothing may be lost or doubled in the end, and flagged is what was asked.
    """
    uncertain: dict[str, bool] = {}
    failures: list[str] = []
    items: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        ran = home.forked("outbox", "run", seconds=900.0)
        if ran.code:
            failures.append(f"outbox run ended with {ran.code}: {ran.err.strip()}")
        items = home.listed()
        if all(item["state"] in ("done", "cancelled") for item in items):
            break
        for item in items:
            if item["state"] == "uncertain":
                uncertain[item["id"]] = reached = _reached(item, server, since)
                home.forked("outbox", "resolve", item["id"], "sent" if reached else "resend")
            elif item["state"] == "held":
                home.forked("outbox", "release", item["id"])
            elif item["state"] == "failed":
                home.forked("outbox", "retry", item["id"])
        if any(item["state"] in ("deferred", "blocked") for item in items):
            home.forked("outbox", "retry", "--all")
    failures += [f"{item['id']} ends as {item['state']}" for item in items if item["state"] != "done"]
    # A letter that counts as sent on the user's word is kept for a week: the word can be taken back.
    on_word = {item_id for item_id, reached in uncertain.items() if reached}
    failures += [f"left behind: {each.name}" for each in home.outbox.glob("*.letter") if each.stem not in on_word]
    failures += [f"left behind: {each.name}" for each in home.outbox.glob(".*.tmp")]
    return compare(items, server, since=since, letters=letters) + Figure(
        flagged=len(uncertain), needless=list(uncertain.values()).count(False), failures=tuple(failures)
    )


def compare(items: list[dict[str, Any]], server: Witness, *, since: int = 0, letters: int) -> Figure:
    """The outbox against what the server took."""
    taken = server.taken(since)
    got = copies(taken)
    digests = {each.message_id: each.digest for each in taken}
    wanted = Counter((item["message_id"], each["address"]) for item in items for each in item["recipients"])
    known = {item["message_id"] for item in items}
    return Figure(
        lost=sum(not got[each] for each in wanted) + max(0, letters - len(items)),
        doubled=sum(count > 1 for count in got.values()),
        wrong=sum(not each.whole or digests[each.message_id] != each.digest for each in taken),
        failures=tuple(
            f"{each.message_id} is with the server and not in the outbox"
            for each in taken
            if each.message_id not in known
        ),
    )


def _reached(item: dict[str, Any], server: Witness, since: int) -> bool:
    got = copies(server.taken(since))
    doubtful = [each["address"] for each in item["recipients"] if each["state"] == "uncertain"]
    return any(got[item["message_id"], each] for each in doubtful)
