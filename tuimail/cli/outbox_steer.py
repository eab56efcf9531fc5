"""``tuimail outbox retry|hold|release|cancel|edit|delete|resolve``: the user's verbs, headless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.cli.document import item_document
from tuimail.cli.output import complain, note, say, say_json
from tuimail.cli.session import engine_on, load_config, need_terminal, open_app, run
from tuimail.errors import EX_OK, TuimailError, UsageError
from tuimail.outbox.item import ItemState, Verb

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.compose.draft import Draft
    from tuimail.config.model import Config
    from tuimail.engine import Engine
    from tuimail.outbox.item import OutboxItem
    from tuimail.paths import Paths

SIMPLE = {"retry": Verb.RETRY, "hold": Verb.HOLD, "release": Verb.RELEASE, "delete": Verb.DROP}
RESOLVE = {"sent": Verb.RESOLVE_SENT, "resend": Verb.RESOLVE_RESEND}
DONE = {
    Verb.RETRY: "will be tried again",
    Verb.HOLD: "is held",
    Verb.RELEASE: "may go",
    Verb.DROP: "was given up",
    Verb.RESOLVE_SENT: "counts as sent",
    Verb.RESOLVE_RESEND: "will be sent again",
    Verb.CANCEL: "is back among the drafts",
}
"""What the verb came to, in words."""


def verb(args: Namespace, paths: Paths) -> int:
    """Carry out one verb on one or more letters; the first failure decides the exit code, the others still go."""
    config = load_config(paths)
    if args.verb == "edit":
        return _edit(args.ids[0], config, paths)
    if args.verb == "retry" and bool(args.ids) == args.all:
        raise UsageError("Name the letters to retry, or say --all.", hint="Try: tuimail outbox list")
    return run(_steer(args, config, paths))


async def _steer(args: Namespace, config: Config, paths: Paths) -> int:
    code = EX_OK
    changed: list[OutboxItem] = []
    chosen = (
        Verb.CANCEL if args.verb == "cancel" else RESOLVE[args.outcome] if args.verb == "resolve" else SIMPLE[args.verb]
    )
    async with engine_on(config, paths) as engine:
        ids = list(args.ids)
        if getattr(args, "all", False):
            ids = [item.id for item in await engine.items({ItemState.DEFERRED, ItemState.BLOCKED})]
        for item_id in ids:
            try:
                changed.append(await _apply(engine, chosen, item_id))
            except TuimailError as error:
                complain(str(error), error.hint)
                code = code or error.exit_code
    if args.json:
        documents = [item_document(item) for item in changed]
        say_json(documents[0] if len(args.ids) == 1 and documents else documents)
    else:
        for item in changed:
            say(f"{item.id} {DONE[chosen]}: {item.subject or '(no subject)'}")
        if changed and any(item.state is ItemState.QUEUED for item in changed):
            note("It goes while tuimail is open, or now with: tuimail outbox run")
    return code


async def _apply(engine: Engine, chosen: Verb, item_id: str) -> OutboxItem:
    item = await engine.item(item_id)
    if chosen is Verb.CANCEL:
        await engine.cancel(item.id)
        return await engine.item(item.id)
    if chosen is Verb.RETRY and item.state is ItemState.BLOCKED:
        # The user says the account is mended; its other letters go as well.
        await engine.check_again(item.account)
        return await engine.item(item.id)
    return await engine.apply(chosen, item.id)


def _edit(item_id: str, config: Config, paths: Paths) -> int:
    need_terminal()

    async def take_out() -> Draft:
        async with engine_on(config, paths) as engine:
            draft = await engine.edit(item_id)
            # The app owns it from here; until it does, it is a recovered draft.
            await engine.close_draft(draft.id)
            return draft

    draft = run(take_out())
    return open_app(config, paths, draft)
