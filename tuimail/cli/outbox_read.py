"""``tuimail outbox list`` and ``show``: read and print the outbox. No network, no event loop."""

from __future__ import annotations

import codecs
import sys
import time
from typing import TYPE_CHECKING

from tuimail.cli.dates import format_timestamp, format_until
from tuimail.cli.document import detail_document, item_document
from tuimail.cli.outbox_list import COLOURS, lines, state_of, totals
from tuimail.cli.outbox_selection import states_of, words_of
from tuimail.cli.output import BOLD, DIM, Style, is_terminal, print_json, print_line, print_note, print_table, width
from tuimail.cli.session import load_config, outbox_of
from tuimail.dates.local_time import zone_name
from tuimail.errors import EX_OK, NoSuchItemError
from tuimail.outbox.model.account_notice import account_notice
from tuimail.outbox.model.states import ItemState, Order
from tuimail.outbox.model.turn import Standing, standing_words, waits_its_turn
from tuimail.outbox.store.bounces import said

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from tuimail.config.model import Config
    from tuimail.outbox.model.item import OutboxItem, Recipient, TimelineEntry
    from tuimail.outbox.store.store import Store
    from tuimail.paths import Paths


def verb(args: Namespace, paths: Paths) -> int:
    """Run ``list`` or ``show``."""
    return _list(args, paths) if args.verb == "list" else _show(args, paths)


def _list(args: Namespace, paths: Paths) -> int:
    config = load_config(paths, quiet=True)
    taken = 0
    with outbox_of(config, paths) as outbox:
        items: Sequence[OutboxItem] = []
        if outbox is not None:
            states = frozenset(ItemState) if args.all and args.state is None else states_of(args)
            ids = outbox.queries.ids(states, order=Order(args.sort), matching=words_of(args))
            # Items beyond --limit are not read, except for needs-you, which cannot be decided without the item.
            sifted = args.state == "needs-you" or bool(args.of)
            items = outbox.queries.items_of(ids if sifted else ids[: args.limit])
            if sifted:
                items = [each for each in items if _wanted(each, args)][: args.limit]
            taken = _taken_out(outbox, paths) if is_terminal(sys.stdout) else 0
    if args.json:
        print_json([item_document(item) for item in items])
        return EX_OK
    style = Style(sys.stdout)
    for line in lines(items, time.time(), width=width(), style=style):
        sys.stdout.write(line + "\n")
    if is_terminal(sys.stdout):
        print_note(
            totals(items) if items else "The outbox is empty." if not (args.match or args.state) else "None fits."
        )
        if taken:
            print_note(f"Taken out to be edited: {taken}. They are among the drafts, or: tuimail outbox list --all")
    return EX_OK


def _wanted(item: OutboxItem, args: Namespace) -> bool:
    return (not args.of or item.account == args.of) and (args.state != "needs-you" or item.needs_you)


def _taken_out(outbox: Store, paths: Paths) -> int:
    """How many letters were taken out as drafts."""
    if not paths.drafts.is_dir():
        return 0
    from tuimail.compose.draft_store import DraftStore
    from tuimail.engine.revise_letter import taken_out

    return len(taken_out(outbox, DraftStore(paths.drafts)))


def _show(args: Namespace, paths: Paths) -> int:
    item_id = args.ids[0]
    if args.raw:
        return _raw(item_id, paths)
    config = load_config(paths, quiet=True)
    with outbox_of(config, paths) as outbox:
        if outbox is None:
            raise NoSuchItemError("The outbox is empty.")
        item = outbox.queries.item(item_id)
        timeline, dialogue = outbox.queries.timeline(item.id), outbox.queries.dialogue(item.id)
        turn = _turn(outbox, config, item)
        notice = account_notice(outbox.accounts.health(item.account), config.accounts.get(item.account), time.time())
    if args.json:
        print_json(detail_document(item, timeline, dialogue, notice))
    else:
        _tell(item, timeline, dialogue, turn)
    return EX_OK


def _turn(outbox: Store, config: Config, item: OutboxItem) -> str:
    """What a queued letter waits for: letters before it, or its paused account; empty for other letters."""
    now = time.time()
    if not waits_its_turn(item, now):
        return ""
    notice = account_notice(outbox.accounts.health(item.account), config.accounts.get(item.account), now)
    return standing_words(Standing(outbox.queries.before(item.id), notice), now)


def _reply(recipient: Recipient) -> str:
    return str(recipient.reply or recipient.words or "")


def _raw(item_id: str, paths: Paths) -> int:
    from tuimail.cli.session import engine_on, run

    async def copy() -> None:
        async with engine_on(load_config(paths, quiet=True), paths) as engine:
            # Blocking reads and writes are fine: nothing else runs in this loop.
            _write((await engine.outbox.content(item_id)).chunks())

    run(copy())
    return EX_OK


def _write(pieces: Iterator[bytes]) -> None:
    """Print a letter's exact bytes; on a terminal in a form that is safe to show."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None or is_terminal(sys.stdout):
        from tuimail.mail.text import safe_text

        for text in _lines(pieces):
            sys.stdout.write(safe_text(text))
        return
    sys.stdout.flush()
    for piece in pieces:
        binary.write(piece)
    binary.flush()


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """The text of ``pieces``, split only at line ends."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    held = ""
    for piece in pieces:
        whole, end, held = (held + decoder.decode(piece)).rpartition("\n")
        yield whole + end
    yield held + decoder.decode(b"", final=True)


def _tell(item: OutboxItem, timeline: Sequence[TimelineEntry], dialogue: Sequence[str], turn: str) -> None:
    style = Style(sys.stdout)
    now = time.time()
    sys.stdout.write(f"{style(item.subject or '(no subject)', BOLD)}  {style(item.id, DIM)}\n")
    sys.stdout.write(f"{style(state_of(item), COLOURS[item.state], BOLD)}\n")
    for words in filter(None, (item.words, turn)):
        print_line(words)
    facts = [
        ("from", item.sender),
        ("account", item.account + (f", via {item.via}" if item.via else "")),
        ("queued", format_timestamp(item.queued_at)),
        ("not before", format_timestamp(item.not_before)),
        ("next try", format_until(item.next_attempt_at, now) if item.state is ItemState.DEFERRED else ""),
        ("attempts", str(item.attempts) if item.attempts else ""),
        ("last reply", item.last_reply),
        ("given up", format_timestamp(item.expires_at) if item.state is ItemState.DEFERRED else ""),
        ("copy", item.filing.words),
        ("size", f"{item.size:,} bytes".replace(",", " ")),
        ("message id", item.message_id),
    ]
    sys.stdout.write("\n")
    print_table([(f"  {name}", text) for name, text in facts if text])
    sys.stdout.write("\n")
    print_table(
        [
            (f"  {each.to.field}", each.address, str(each.state), said(each.report) if each.report else _reply(each))
            for each in item.recipients
        ]
    )
    if timeline:
        # All times use the zone of the last one, also when the history spans a clock change.
        sys.stdout.write(f"\n{style(f'What happened (times in {zone_name(timeline[-1].at, None)})', BOLD)}\n")
        print_table([(f"  {format_timestamp(entry.at)}", entry.words, entry.reply) for entry in timeline])
    if dialogue:
        sys.stdout.write(f"\n{style('The last dialogue', BOLD)}\n")
        for line in dialogue:
            sys.stdout.write(f"  {style(line, DIM)}\n")
