"""A mailbox in which nothing happens costs little on the wire, however many messages it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.bench.idle_bytes import IdleBytes, idle_bytes
from tests.engine.imap_program import deliver, other_client, settings

if TYPE_CHECKING:
    from tests.support.dovecot import Dovecot
    from tuimail.config.model import Server
    from tuimail.paths import Paths

FOLDERS = 10
FEW, MANY = 20, 80


def test_a_look_and_a_renewal_do_not_grow_with_the_messages(
    dovecot: Dovecot,
    server: Server,
    paths: Paths,
) -> None:
    account = settings(server).accounts["work"]

    def counted(name: str) -> IdleBytes:
        return idle_bytes(account, dovecot.password, replace(paths, cache=paths.cache / name))

    with other_client(dovecot, server) as client:
        for number in range(FOLDERS):
            client.create(f"Folder{number}")
        for number in range(FEW):
            deliver(client, number)
        few = counted("few")
        for number in range(FEW, MANY):
            deliver(client, number)
        many = counted("many")
    assert 0 < few.renewal < 300, few
    assert 0 < few.look < 250 * FOLDERS, few
    # Dovecot adds \\UnMarked to each folder once that is old. Else it is numbers of more digits.
    assert abs(many.look - few.look) < 15 * (FOLDERS + 2), (few, many)
    assert abs(many.renewal - few.renewal) < 32, (few, many)
    assert few.day < 1_000_000, few
