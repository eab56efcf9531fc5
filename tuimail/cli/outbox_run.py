"""``tuimail outbox run``: sends what is due without a screen; with ``--watch``, continues until it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING

from tuimail.cli.dates import format_until
from tuimail.cli.document import item_document
from tuimail.cli.outbox_list import names_of
from tuimail.cli.output import is_terminal, print_error, print_json, print_line, print_note, to_json
from tuimail.cli.session import engine_on, load_config, run
from tuimail.errors import EX_OK
from tuimail.events import AccountPaused, ItemChanged, Notice, WaitingForSecret
from tuimail.outbox.model.states import ItemState
from tuimail.service.notify import READY, STOPPING, notify

if TYPE_CHECKING:
    from argparse import Namespace

    from tuimail.config.model import Config
    from tuimail.engine import Engine
    from tuimail.events import Event
    from tuimail.outbox.model.item import OutboxItem
    from tuimail.paths import Paths

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end the watch cleanly."""

SENT = (ItemState.ACCEPTED, ItemState.DONE)


def verb(args: Namespace, paths: Paths) -> int:
    """Run ``run``."""
    config = load_config(paths)
    if args.watch:
        return run(watch(config, paths, json=args.json))
    items, now = run(send_what_is_due(config, paths))
    if args.json:
        print_json([item_document(item) for item in items])
    else:
        for item in items:
            print_line(line_of(item, now))
    return EX_OK


async def send_what_is_due(config: Config, paths: Paths) -> tuple[list[OutboxItem], float]:
    """Try every letter that is due, once; as they are then, and when that was."""
    async with engine_on(config, paths) as engine:
        engine.announcer.subscribe(_tell_trouble)
        tried = await engine.outbox.run_once()
        await engine.mail.replay()  # an answered message may have to be marked yet
        now = engine.clock.now()
        items = await engine.outbox.query(lambda outbox: outbox.items_of([item.id for item in tried]))
    return list(items), now


async def watch(config: Config, paths: Paths, *, json: bool, sync: bool = False) -> int:
    """Send what becomes due until a signal ends it; with ``sync``, keep received mail in step as well."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ENDING:
        loop.add_signal_handler(number, stop.set)
    changes: asyncio.Queue[str] = asyncio.Queue()

    def listen(event: Event) -> None:
        if isinstance(event, ItemChanged):
            changes.put_nowait(event.item_id)
        else:
            _tell_trouble(event)

    try:
        async with engine_on(config, paths, watch=True, sync=sync) as engine:
            engine.announcer.subscribe(listen)
            _greet(engine, sync=sync)
            telling = loop.create_task(_tell_changes(engine, changes, json=json))
            stopping = loop.create_task(stop.wait())
            # A reader that went away (BrokenPipeError) ends the watch as well.
            done, _ = await asyncio.wait((telling, stopping), return_when=asyncio.FIRST_COMPLETED)
            notify(STOPPING)
            for task in (telling, stopping):
                task.cancel()
            await asyncio.gather(telling, stopping, return_exceptions=True)
            if telling in done:
                telling.result()
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
    return EX_OK


def _greet(engine: Engine, *, sync: bool) -> None:
    """Report the start to the service manager, and to the user if another process already watches."""
    notify(READY)
    others = [each for each in engine.outbox.watchers() if each.pid != os.getpid()]
    if others:
        print_note(f"tuimail: process {others[0].pid} watches this outbox, too; they share the work.")
    if is_terminal(sys.stderr):
        mail = ", and keeping your mail in step" if sync else ""
        print_note(f"tuimail: sending what is in the outbox and what comes{mail}; ^C ends it.")


async def _tell_changes(engine: Engine, changes: asyncio.Queue[str], *, json: bool) -> None:
    """Print one line for each new state of a letter; with ``json``, one document per line."""
    said: dict[str, str] = {}
    while True:
        item = await _item(engine, await changes.get())
        if item.state in (ItemState.SENDING, ItemState.QUEUED):
            continue
        state = "sent" if item.state in SENT else str(item.state)
        if state == "sent" == said.get(item.id):  # first accepted, then its copy filed
            continue
        said[item.id] = state
        if json:
            sys.stdout.write(to_json(item_document(item)) + "\n")
        else:
            print_line(line_of(item, engine.clock.now()))
        sys.stdout.flush()


def _tell_trouble(event: Event) -> None:
    if isinstance(event, AccountPaused):
        print_error(f"Account {event.account}: {event.message}", "When it is fixed, run: tuimail account check")
    elif isinstance(event, Notice):
        print_note(f"tuimail: {event.text}")
    elif isinstance(event, WaitingForSecret) and not event.done:
        print_note(f"tuimail: waiting for {event.source} (account {event.account})")


def line_of(item: OutboxItem, now: float) -> str:
    """One line about a letter's new state: "3k9x sent: Minutes to bob@example.net: 250 2.0.0 Ok"."""
    names = names_of(item)
    state = "sent" if item.state in SENT else str(item.state)
    reply = (item.last_reply if state == "sent" else item.words or item.last_reply).rstrip(".")
    later = f"; next try {format_until(item.next_attempt_at, now)}" if item.state is ItemState.DEFERRED else ""
    because = f": {reply}" if reply else ""
    return f"{item.id} {state}: {item.subject or '(no subject)'} to {names}{because}{later}"


async def _item(engine: Engine, item_id: str) -> OutboxItem:
    return await engine.outbox.query(lambda outbox: outbox.item(item_id))
