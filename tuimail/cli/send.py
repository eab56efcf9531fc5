"""``tuimail send``: queues a letter durably, tries once to send it, and prints one line about the result."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from tuimail.cli.dates import format_timestamp, format_until, parse_time_argument
from tuimail.cli.document import paused_document
from tuimail.cli.draft_options import TEXT_LIMIT, add_draft_options, attachment, bind, draft_of, text_of, text_of_file
from tuimail.cli.foreground import filed, is_paused, settled
from tuimail.cli.merge import add_merge_options
from tuimail.cli.merge import run as run_merge
from tuimail.cli.outbox_list import names_of
from tuimail.cli.output import is_terminal, print_error, print_json, print_line, print_note
from tuimail.cli.parser import Parser
from tuimail.cli.session import engine_on, load_config
from tuimail.cli.session import run as run_loop
from tuimail.cli.standard_input import MARK, PipedInput, handed_over, is_attached
from tuimail.cli.streams import give_up_output
from tuimail.config.model import DelayedSending, WhenLate
from tuimail.dates.format_date import format_planned
from tuimail.errors import EX_NOPERM, EX_OK, EX_TEMPFAIL, EX_UNAVAILABLE, DuplicateLetterError, MessageError, UsageError
from tuimail.events import Notice
from tuimail.mail.envelope import Notify
from tuimail.outbox.model.account_notice import account_notice
from tuimail.outbox.model.delivery_options import DeliveryOptions
from tuimail.outbox.model.states import ItemState, RecipientState
from tuimail.submission.result import AccountProblem

if TYPE_CHECKING:
    import argparse

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Config
    from tuimail.events import Event
    from tuimail.outbox.model.item import AccountHealth, OutboxItem
    from tuimail.paths import Paths

LARGEST_FILE = 2 * 1024**3
"""Maximum size in bytes of standard input as an attachment."""

SAME_WITHIN = 600.0
"""Seconds within which an identical letter is refused, as it is while the first one waits: a script may have run
twice. An identical letter every night must be sent."""

SIGN_IN = (AccountProblem.SIGN_IN, AccountProblem.SECRET)


def parser() -> Parser:
    """Its options."""
    made = Parser(
        prog="tuimail send",
        description="Send a letter; its text comes from standard input or a file. It is safe in the outbox before\n"
        "anything else happens; if it cannot go at once, the outbox keeps trying while tuimail is open\n"
        "or `tuimail run` runs.",
        examples=(
            'date | tuimail send bob@example.net -s "It is"',
            "tuimail send bob@example.net -s Minutes -i minutes.txt -a budget.ods",
            'tuimail send mum@example.org -s Happy -i wishes.txt --at "tomorrow 9am"',
            "tuimail send bob@example.net -s Report --wait --json < report.txt",
            "tuimail send --merge people.csv -s 'Hello {name|you}' -i letter.txt --preview 3",
        ),
    )
    made.add_argument("addresses", nargs="*", metavar="ADDRESS", help="who it is for")
    add_draft_options(made)
    add_merge_options(made)
    made.add_argument("--at", metavar="TIME", help='send later: "tomorrow 9am", "18:30", "+2h", "31 dec 18:30"...')
    made.add_argument(
        "--if-late",
        choices=[each.value for each in WhenLate],
        help="when no tuimail ran at that time (default: config)",
    )
    made.add_argument(
        "--on-server", action="store_true", default=None, help="let the server hold it until then, if it can"
    )
    made.add_argument(
        "--notify", metavar="WHAT", help='delivery reports to ask for: "failure,delay,success", or "never"'
    )
    made.add_argument("--queue", action="store_true", help="only queue it; something else sends it")
    made.add_argument("--wait", action="store_true", help="wait until every recipient is decided or deferred (then 75)")
    made.add_argument(
        "--again", action="store_true", help="send it even if the very same letter waits, or was queued minutes ago"
    )
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


def run(argv: list[str], paths: Paths) -> int:
    """Run the command."""
    args = parser().parse_args(argv)
    if not (args.addresses or args.cc or args.bcc or args.merge):
        raise UsageError("No recipient is named.", hint="For example: tuimail send bob@example.net -s Hello")
    if args.queue and args.wait:
        raise UsageError("--queue and --wait exclude each other.", hint="Try: tuimail send --help")
    from tuimail.clock import SystemClock

    due = parse_time_argument(args.at, SystemClock().now()) if args.at else None
    if due is None and (args.if_late or args.on_server):
        raise UsageError("--if-late and --on-server need a time.", hint='For example: --at "tomorrow 9am"')
    wishes = DeliveryOptions(WhenLate(args.if_late) if args.if_late else None, args.on_server, _notify(args.notify))
    config = load_config(paths)
    account, identity = bind(config, paths, args.account, args.sender)
    # The command line has no undo window.
    config = replace(config, outbox=replace(config.outbox, undo_seconds=0.0))
    is_attached(args)
    # Check the letter before the user types its text.
    draft = draft_of(args, args.addresses, "", account, identity)
    with handed_over(paths.unsent) as handed:
        draft = _with_input(draft, args, handed)
        if args.merge:
            return run_merge(config, paths, draft, identity, args, due)
        return run_loop(_send(config, paths, draft, args, due, wishes, handed))


def _notify(text: str | None) -> tuple[Notify, ...] | None:
    """The delivery reports that ``text`` names; None: as in the config."""
    if text is None:
        return None
    words = [word.strip().lower() for word in text.split(",")]
    if words == ["never"]:
        return ()
    try:
        return tuple(dict.fromkeys(Notify(word) for word in words))
    except ValueError:
        raise UsageError(
            "--notify takes failure, delay and success, separated by commas, or never.", hint="Try: tuimail send --help"
        ) from None


def _with_input(draft: Draft, args: argparse.Namespace, handed: PipedInput) -> Draft:
    """``draft`` with its text and with standard input. Raises MessageError, UsageError, StorageError."""
    attached = list(draft.attachments)
    if is_attached(args):
        # Its text is then in a file or there is none.
        attached.insert(args.attach.index(MARK), attachment(str(handed.file(LARGEST_FILE + 1))))
    if args.input and args.input != MARK:
        body = text_of_file(args.input, verbatim=True)
    elif len(attached) > len(draft.attachments):
        body = ""
    else:
        body = text_of(handed.text(TEXT_LIMIT + 1), verbatim=True)
        if is_terminal(sys.stdin) and not body.strip():
            raise MessageError("Nothing was written, so nothing was sent.", field="body")
    return replace(draft, body=body, verbatim=True, attachments=tuple(attached))


async def _send(
    config: Config,
    paths: Paths,
    draft: Draft,
    args: argparse.Namespace,
    due: float | None,
    wishes: DeliveryOptions,
    handed: PipedInput,
) -> int:
    on_server = due is not None and (
        wishes.on_server or (wishes.on_server is None and config.outbox.later is DelayedSending.SERVER)
    )
    now_or_wait = not args.queue and (due is None or on_server or args.wait)
    async with engine_on(config, paths) as engine:
        engine.announcer.subscribe(_tell_notice)
        try:
            item = await engine.drafts.enqueue(
                draft, not_before=due, again=args.again, same_within=SAME_WITHIN, wishes=wishes
            )
            handed.queued = True
        except DuplicateLetterError as error:
            raise DuplicateLetterError(str(error), hint="To send it once more, add --again.") from None
        if now_or_wait:
            try:
                item = await settled(engine, item.id, show=not args.json)
            except asyncio.CancelledError:
                _tell_interrupted(await engine.outbox.query(lambda outbox: outbox.item(item.id)))
                raise
            if item.state is ItemState.ACCEPTED:
                item = await filed(engine, item.id)
        now = engine.clock.now()
        health = await engine.accounts.health(item.account)
        watched = bool(engine.outbox.watchers())
    try:
        if args.json:
            notice = account_notice(health, config.accounts.get(item.account), now)
            print_json(paused_document(item, notice))
        else:
            _tell(item, now, watched=watched)
        sys.stdout.flush()
    except OSError:
        # A closed output does not change the letter's result: an error code would make a script send it again.
        give_up_output()
    if not args.json and now_or_wait and item.state is ItemState.QUEUED and is_paused(health, now):
        _tell_pause(health, now, watched=watched)
    return exit_code(item, waited=args.wait)


def exit_code(item: OutboxItem, *, waited: bool) -> int:
    """The exit code. Not 0 if the user must act or, with ``--wait``, if a recipient is undecided."""
    if item.state is ItemState.FAILED:
        return EX_UNAVAILABLE
    if item.state is ItemState.BLOCKED:
        return EX_NOPERM if item.trouble in SIGN_IN else EX_UNAVAILABLE
    if waited and item.state not in (ItemState.ACCEPTED, ItemState.DONE):
        return EX_TEMPFAIL
    return EX_OK


def _tell(item: OutboxItem, now: float, *, watched: bool) -> None:
    names = names_of(item)
    match item.state:
        case ItemState.ACCEPTED | ItemState.DONE:
            reply = f": {item.last_reply.rstrip('.')}" if item.last_reply else ""
            print_line(f"sent to {names}{reply}")
            if item.words:
                print_note(item.words)
        case ItemState.HELD:
            when = (
                f"until {format_timestamp(item.not_before)}: {format_planned(item.not_before, now)}"
                if item.not_before
                else "by hand"
            )
            print_line(f"held as {item.id} {when}")
            if item.words and item.not_before:
                print_note(item.words)
            print_note(f"It goes then {_while(watched=watched)}")
        case ItemState.DEFERRED:
            print_line(f"queued as {item.id}; {_words(item)}next try {format_until(item.next_attempt_at, now)}")
            print_note(f"It goes on {_while(watched=watched)}")
        case ItemState.FAILED:
            refused = [each for each in item.recipients if each.state is RecipientState.REFUSED]
            print_line(f"refused, kept as {item.id}: {item.words or item.last_reply}")
            for each in refused:
                print_note(f"  {each.address}: {each.reply or each.words}")
        case ItemState.BLOCKED | ItemState.UNCERTAIN:
            print_line(f"{item.state}, kept as {item.id}: {item.words or item.last_reply}")
        case _:
            print_line(f"queued as {item.id} for {names}")


def _tell_interrupted(item: OutboxItem) -> None:
    if item.state is ItemState.UNCERTAIN:
        print_error(
            "Interrupted before the server's answer came: the letter may have been delivered.",
            f"Decide it: tuimail outbox resolve {item.id} sent|resend",
        )
    elif item.state in (ItemState.ACCEPTED, ItemState.DONE):
        print_error("Interrupted, but the letter was sent.", f"See: tuimail outbox show {item.id}")
    else:
        print_error("Interrupted; the letter is safe in the outbox.", f"See: tuimail outbox show {item.id}")


def _tell_notice(event: Event) -> None:
    if isinstance(event, Notice):
        print_note(f"tuimail: {event.text}")


def _tell_pause(health: AccountHealth, now: float, *, watched: bool) -> None:
    later = f"; next try {format_until(health.probe_at, now)}" if health.probe_at is not None else ""
    print_note(f"The account {health.account} is paused: {health.words.rstrip('.') or 'it did not work'}{later}.")
    print_note(f"It goes on {_while(watched=watched)}")


def _while(*, watched: bool) -> str:
    """What sends it later, as the end of a sentence."""
    if watched:
        return "by itself: the outbox is being watched."
    return "while tuimail is open, or with: tuimail run (always: tuimail outbox service install)"


def _words(item: OutboxItem) -> str:
    words = (item.words or item.last_reply).rstrip(".")
    return f"{words[:1].lower()}{words[1:]}; " if words and not words[:1].isdigit() else f"{words}; " if words else ""
