"""``tuimail outbox`` with a verb that changes letters."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tuimail.cli.dates import format_until, parse_time_argument
from tuimail.cli.document import item_document
from tuimail.cli.outbox_selection import chosen, states_of, words_of
from tuimail.cli.output import print_error, print_json, print_line, print_note
from tuimail.cli.session import account_named, engine_on, load_config, need_terminal, open_app, run
from tuimail.errors import EX_OK, TuimailError, UsageError
from tuimail.outbox.model.item import OutboxItem, Outcome
from tuimail.outbox.model.states import ItemState, Place, Verb

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Config
    from tuimail.engine import Engine
    from tuimail.paths import Paths

Step = Callable[[str], Awaitable[OutboxItem]]

SIMPLE = {
    "hold": Verb.HOLD,
    "release": Verb.RELEASE,
    "cancel": Verb.CANCEL,
    "delete": Verb.DROP,
    "restore": Verb.RESTORE,
}
RESOLVE = {"sent": Verb.RESOLVE_SENT, "resend": Verb.RESOLVE_RESEND, "undo": Verb.UNRESOLVE}
RESOLVED = {"sent": "counts as sent", "resend": "will be sent again", "undo": "may have been delivered: your call"}
DONE = {
    "retry": "will be tried again",
    "hold": "is held",
    "release": "may go",
    "delete": "was deleted",
    "restore": "is back in the outbox",
    "cancel": "is back among the drafts",
    "move": "was moved",
    "account": "goes another way",
    "mend": "goes to the mended address",
    "export": "was written",
}
"""What the verb came to, in words."""


def verb(args: Namespace, paths: Paths) -> int:
    """Apply one verb to one or more letters; continues after failures, and the worst one decides the exit code."""
    config = load_config(paths)
    if args.verb == "edit":
        return _edit(args.ids[0], config, paths)
    return run(_steer(args, config, paths, by_kind=chosen(args)))


async def _steer(args: Namespace, config: Config, paths: Paths, *, by_kind: bool) -> int:
    async with engine_on(config, paths) as engine:
        step = _step(args, engine)
        ids = await _ids(args, engine) if by_kind else list(dict.fromkeys(args.ids))
        if isinstance(step, Verb):
            outcomes = await engine.outbox.apply_many(step, ids)
        else:
            outcomes = [await _outcome(step, item_id) for item_id in ids]
    for each in outcomes:
        if each.error is not None:
            print_error(f"{each.item_id}: {each.error}" if len(ids) > 1 else str(each.error), each.error.hint)
    if args.json:
        documents = [_document(each) for each in outcomes]
        print_json(documents[0] if len(args.ids) == 1 else documents)
    else:
        _tell(args, outcomes)
    return max((each.error.exit_code for each in outcomes if each.error is not None), default=EX_OK)


async def _ids(args: Namespace, engine: Engine) -> Sequence[str]:
    """The ids of the letters that match the options."""
    states = states_of(args)
    if getattr(args, "all", False) and states is None:
        states = {ItemState.DEFERRED, ItemState.BLOCKED}
    elif args.verb == "restore" and states is None:
        states = {ItemState.CANCELLED}
    ids = await engine.outbox.query(lambda outbox: outbox.ids(states, matching=words_of(args)))
    if args.state != "needs-you" and not args.of:
        return ids
    items = await engine.outbox.query(lambda outbox: outbox.items_of(ids))
    return [
        item.id
        for item in items
        if (not args.of or item.account == args.of) and (args.state != "needs-you" or item.needs_you)
    ]


def _step(args: Namespace, engine: Engine) -> Verb | Step:
    """The function that is applied to each letter."""
    match args.verb:
        case "resolve":
            return RESOLVE[args.outcome]
        case "retry":
            return partial(_retry, engine)
        case "later":
            at = parse_time_argument(args.time, engine.clock.now())
            return partial(engine.outbox.later, at=at)
        case "move":
            return partial(engine.outbox.move, place=Place(args.place))
        case "account":
            account_named(engine.config, engine.paths, args.name)
            return partial(engine.outbox.change_account, account=args.name)
        case "mend":
            return partial(engine.outbox.mend, old=args.old, new=args.new)
        case "export":
            target = Path(args.to)
            if len(args.ids) != 1 and not target.expanduser().is_dir():
                raise UsageError("Several letters need a folder.", hint="Give one with --to.")
            return partial(_export, engine, target)
    return SIMPLE[args.verb]


async def _outcome(step: Step, item_id: str) -> Outcome:
    try:
        return Outcome(item_id, await step(item_id))
    except TuimailError as error:
        return Outcome(item_id, error=error)


async def _retry(engine: Engine, item_id: str) -> OutboxItem:
    item = await engine.outbox.query(lambda outbox: outbox.item(item_id))
    if item.state is ItemState.BLOCKED:
        # The user says that the account works again, so its other letters are sent as well.
        await engine.accounts.check_again(item.account)
        return await engine.outbox.query(lambda outbox: outbox.item(item.id))
    if item.state is ItemState.QUEUED:  # its account was already released with an earlier letter
        return item
    return await engine.outbox.apply(Verb.RETRY, item.id)


async def _export(engine: Engine, target: Path, item_id: str) -> OutboxItem:
    print_note(str(await engine.outbox.export(item_id, target)))
    return await engine.outbox.query(lambda outbox: outbox.item(item_id))


def _document(outcome: Outcome) -> dict[str, object]:
    if outcome.item is not None:
        return item_document(outcome.item)
    error = outcome.error
    return {"id": outcome.item_id, "error": str(error), "hint": error.hint or None if error else None}


def _tell(args: Namespace, outcomes: Sequence[Outcome]) -> None:
    changed = [each.item for each in outcomes if each.item is not None]
    for item in changed:
        match args.verb:
            case "later":
                words = f"goes {format_until(item.not_before, time.time())}"
            case "resolve":
                words = RESOLVED[args.outcome]
            case verb:
                words = DONE[verb]
        print_line(f"{item.id} {words}: {item.subject or '(no subject)'}")
        if args.verb in ("restore", "account") and item.words:
            print_note(f"  {item.words}")
    if args.verb not in ("export", "move") and any(item.state is ItemState.QUEUED for item in changed):
        print_note("It goes while tuimail is open, or now with: tuimail outbox run")


def _edit(item_id: str, config: Config, paths: Paths) -> int:
    need_terminal()

    async def take_out() -> Draft:
        async with engine_on(config, paths) as engine:
            draft = await engine.outbox.edit(item_id)
            # The app takes the draft over; until then it is a recovered draft.
            await engine.drafts.close(draft.id)
            return draft

    draft = run(take_out())
    return open_app(config, paths, draft)
