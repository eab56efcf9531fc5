"""Every method of the client against a real Dovecot, at each level, and with a second client on the same mailbox."""

from __future__ import annotations

import dataclasses
import itertools
import random
import threading
from typing import TYPE_CHECKING

import pytest

from tuimail.config.model import Security, Server
from tuimail.mail.flags import DELETED, FLAGGED, SEEN
from tuimail.mailboxes.imap_client import ImapClient
from tuimail.mailboxes.imap_connect import open_session
from tuimail.mailboxes.imap_errors import ImapError
from tuimail.mailboxes.imap_reading import PIECE
from tuimail.mailboxes.imap_timeouts import ClientTimes
from tuimail.mailboxes.imap_values import FlagState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.dovecot import Dovecot
    from tuimail.mailboxes.imap_session import ImapSession
    from tuimail.sync.imap_server import ImapServer

pytestmark = pytest.mark.real_servers

WITHOUT = {"Q": frozenset[str](), "C": frozenset({"QRESYNC"}), "P": frozenset({"QRESYNC", "CONDSTORE", "ESEARCH"})}
ARRIVED = 1_000_000_000


@pytest.fixture
def server(dovecot: Dovecot) -> Server:
    return Server(dovecot.host, dovecot.imaps, Security.TLS, username=dovecot.new_user(), ca_file=dovecot.ca_file)


@pytest.fixture
def clients(dovecot: Dovecot, server: Server) -> Iterator[Callable[..., ImapClient]]:
    """Makes clients of one account, which lack capabilities; closes them."""
    made: list[ImapClient] = []

    def make(*without: str) -> ImapClient:
        async def connect() -> ImapSession:
            session = await open_session(server, dovecot.password)
            session.capabilities -= set(without)
            return session

        made.append(ImapClient(connect))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=["Q", "C", "P"])
def client(request: pytest.FixtureRequest, clients: Callable[..., ImapClient]) -> ImapClient:
    return clients(*WITHOUT[request.param])


def letter(number: int, size: int = 0) -> bytes:
    head = f"From: ada@example.org\r\nSubject: n{number}\r\nMessage-ID: <{number}@x>\r\nX-Other: y\r\n\r\nhello\r\n"
    return head.encode() + b"0123456789abcdef" * (size // 16)


def put(client: ImapClient, numbers: range, wire: str = "INBOX", flags: int = 0, size: int = 0) -> list[int]:
    uids = []
    for number in numbers:
        content = letter(number, size)
        copied = client.append(wire, lambda content=content: [content], len(content), flags=flags, arrived=ARRIVED)  # type: ignore[misc]
        assert copied is not None
        uids.append(copied.uids[0])
    return uids


def test_the_client_is_the_server_that_synchronising_uses(client: ImapClient) -> None:
    server: ImapServer = client
    assert server.level in "QCP"
    assert server.has("IDLE")
    assert not server.has("X-NOT-THERE")


@pytest.mark.parametrize("level", ["Q", "C", "P"])
def test_the_level_is_what_the_server_has(clients: Callable[..., ImapClient], level: str) -> None:
    assert clients(*WITHOUT[level]).level == level


def test_a_demoted_client_stays_at_its_level(clients: Callable[..., ImapClient]) -> None:
    client = clients()
    assert client.level == "Q"
    for level in ("C", "Q"):
        client.demote(level)
        assert client.level == "C"
        client.select("INBOX")
    client.demote("P")
    assert client.select("INBOX").flags(1, 5) == []
    assert client.level == "P"


def test_summaries_flags_and_uids(client: ImapClient) -> None:
    uids = put(client, range(5), flags=SEEN)
    mailbox = client.select("INBOX")
    state = mailbox.opened.state
    assert (state.exists, state.uidnext, state.read_only) == (5, uids[-1] + 1, False)
    assert "\\*" in state.permanent_flags
    assert (state.modseq > 0) or client.level == "P"
    assert mailbox.uids() == uids
    assert mailbox.search("UNSEEN") == []
    assert mailbox.there([*uids, 999]) == uids
    headers = {each.uid: each for each in mailbox.headers([*uids, 999])}
    assert sorted(headers) == uids
    first = headers[uids[0]]
    assert (first.flags, first.keywords, first.arrived, first.size) == (SEEN, "", ARRIVED, len(letter(0)))
    assert b"Subject: n0\r\n" in first.header
    assert b"X-Other" not in first.header
    assert (first.modseq > 0) == (client.level != "P")
    mailbox.store(uids[:2], add=FLAGGED, add_keywords="Work", remove=SEEN)
    mailbox.store([*uids, 999], add=DELETED)
    told = sorted(mailbox.flags(1, uids[-1]))
    assert [(each.uid, each.flags, each.keywords) for each in told] == [
        (uid, FLAGGED | DELETED if uid in uids[:2] else SEEN | DELETED, "Work" if uid in uids[:2] else "")
        for uid in uids
    ]
    mailbox.store(uids, remove=DELETED, remove_keywords="Work")
    assert {each.keywords for each in mailbox.flags(1, uids[-1])} == {""}
    assert mailbox.headers([]) == []


def test_changes_since_a_state(client: ImapClient, clients: Callable[..., ImapClient]) -> None:
    uids = put(client, range(6))
    state = client.select("INBOX").opened.state
    other = clients().select("INBOX")
    other.store([uids[1]], add=FLAGGED)
    other.store([uids[2]], add=DELETED)
    other.expunge([uids[2]])
    (new,) = put(clients(), range(9, 10))
    mailbox = client.select("INBOX", validity=state.validity, modseq=state.modseq)
    if client.level == "Q":
        assert mailbox.opened.vanished == ((uids[2], uids[2]),)
        assert {each.uid: each.flags for each in mailbox.opened.changed} == {uids[1]: FLAGGED, new: 0}
        assert all(each.modseq > state.modseq for each in mailbox.opened.changed)
    else:
        assert (mailbox.opened.vanished, mailbox.opened.changed) == ((), ())
    assert mailbox.opened.state.exists == 6
    if client.level != "P":
        changed = mailbox.flags(1, new - 1, changed_since=state.modseq)
        assert [(each.uid, each.flags) for each in changed] == [(uids[1], FLAGGED)]
    assert mailbox.uids() == [uid for uid in [*uids, new] if uid != uids[2]]


def test_copies_and_moves_tell_the_new_uids(client: ImapClient) -> None:
    uids = put(client, range(4))
    client.create("Ziel &- Co")
    client.create("Ziel &- Co")
    mark = client.state_of("Ziel &- Co")
    mailbox = client.select("INBOX")
    copied = mailbox.copy(uids[:2], "Ziel &- Co")
    moved = mailbox.move(uids[2:], "Ziel &- Co")
    assert copied is not None
    assert moved is not None
    assert copied.validity == moved.validity == mark.validity
    assert list(copied.uids) == uids[:2]
    assert list(moved.uids) == uids[2:]
    news = mailbox.news()
    assert news.gone or news.vanished == ((uids[2], uids[3]),)
    assert mailbox.uids() == uids[:2]
    arrived = client.select("Ziel &- Co").arrivals(mark.uidnext)
    assert sorted(each.uid for each in arrived) == sorted([*copied.uids.values(), *moved.uids.values()])
    assert all(each.header.startswith(b"Message-ID: <") and each.size for each in arrived)
    assert mailbox.arrivals(999) == []
    with pytest.raises(ImapError, match="refused to copy messages") as caught:
        mailbox.copy(uids[:1], "missing")
    assert caught.value.status is not None
    assert caught.value.status.code == "TRYCREATE"
    assert mailbox.uids() == uids[:2]


def test_an_expunge_takes_only_what_is_named(client: ImapClient) -> None:
    uids = put(client, range(3))
    mailbox = client.select("INBOX")
    mailbox.store(uids, add=DELETED)
    mailbox.expunge([uids[1]])
    assert mailbox.uids() == [uids[0], uids[2]]


@pytest.mark.parametrize("size", [0, 100, PIECE, 3 * PIECE + 7])
def test_letters_come_in_pieces_from_any_offset(clients: Callable[..., ImapClient], size: int) -> None:
    client = clients()
    (uid,) = put(client, range(1), size=size)
    content = letter(0, size)
    mailbox = client.select("INBOX", interactive=True)
    pieces: list[bytes] = []
    for offset in (0, 1, len(content) - 1, len(content), *([PIECE, PIECE + 1] if size > PIECE else [])):
        pieces = []
        assert mailbox.fetch(uid, pieces.append, offset=offset)
        assert b"".join(pieces) == content[offset:]
        assert all(0 < len(each) <= PIECE for each in pieces)
    assert mailbox.fetch(999, pieces.append) is False
    assert mailbox.flags(uid, uid) == [FlagState(uid, 0, "", mailbox.flags(uid, uid)[0].modseq)]


def test_a_letter_exactly_as_long_as_some_pieces(clients: Callable[..., ImapClient]) -> None:
    client = clients()
    content = letter(0) + b"x" * (2 * PIECE - len(letter(0)))
    copied = client.append("INBOX", lambda: [content], len(content), flags=0, arrived=ARRIVED)
    assert copied is not None
    pieces: list[bytes] = []
    assert client.select("INBOX").fetch(copied.uids[0], pieces.append)
    assert b"".join(pieces) == content


def test_a_fetch_that_is_broken_off_costs_nothing(clients: Callable[..., ImapClient]) -> None:
    client = clients()
    (uid,) = put(client, range(1), size=3 * PIECE)
    mailbox = client.select("INBOX")
    kept: list[bytes] = []

    def write(piece: bytes) -> None:
        kept.append(piece)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        mailbox.fetch(uid, write)
    assert mailbox.fetch(uid, kept.append, offset=len(kept[0]))
    assert b"".join(kept) == letter(0, 3 * PIECE)


def test_folders_are_made_renamed_listed_and_removed(client: ImapClient) -> None:
    client.create("a")
    client.create("a/b % *")
    client.subscribe("a", subscribed=True)
    client.subscribe("a", subscribed=False)
    client.rename("a", "c")
    listed = {each.wire: each for each in client.folders()}
    assert {"INBOX", "c", "c/b % *"} <= set(listed)
    assert "a" not in listed
    assert "\\drafts" in listed["Drafts"].attributes
    for _ in range(2):
        client.delete("c/b % *")
    assert "c/b % *" not in {each.wire for each in client.folders()}
    with pytest.raises(ImapError, match="refused to rename the folder"):
        client.rename("missing", "d")
    with pytest.raises(ImapError, match="refused to open the mailbox") as caught:
        client.select("missing")
    assert caught.value.status is not None
    with pytest.raises(ImapError, match="line ends") as caught:
        client.create("a\r\nb")
    assert caught.value.status is not None
    with pytest.raises(ImapError, match="refused the letter") as caught:
        client.append("missing", lambda: [b"x"], 1, flags=0, arrived=0.0)
    assert caught.value.status is not None
    assert caught.value.status.code == "TRYCREATE"
    assert client.folders()


@pytest.mark.parametrize("without", [(), ("LIST-STATUS",)])
@pytest.mark.parametrize("level", WITHOUT)
def test_states_of_folders(clients: Callable[..., ImapClient], level: str, without: tuple[str, ...]) -> None:
    client = clients(*WITHOUT[level], *without)
    names = [f"f{number}" for number in range(5)]
    for name in names:
        client.create(name)
    put(client, range(2), "f1")
    put(client, range(1), "f1", flags=SEEN)
    found = client.statuses([*names, "missing"])
    assert sorted(found) == names
    assert (found["f1"].messages, found["f1"].unseen, found["f0"].messages) == (3, 2, 0)
    assert (found["f1"].modseq is not None) == (client.level != "P")
    state = client.state_of("f1")
    assert (state.validity, state.uidnext, state.exists) == (found["f1"].validity, found["f1"].uidnext, 3)
    client.select("f1")
    put(client, range(1), "f1")
    assert client.state_of("f1")[:3] == (state.validity, state.uidnext + 1, 4)
    with pytest.raises(ImapError, match="refused to tell the state"):
        client.state_of("missing")
    assert client.statuses(["missing", "f0"])["f0"].messages == 0


@pytest.mark.parametrize("without", [(), ("LIST-STATUS",)])
@pytest.mark.parametrize("level", WITHOUT)
def test_the_list_with_the_states_is_the_list_and_the_states(
    clients: Callable[..., ImapClient], level: str, without: tuple[str, ...]
) -> None:
    client = clients(*WITHOUT[level], *without)
    names = [f"f{number}" for number in range(5)]
    for name in names:
        client.create(name)
    put(client, range(2), "f1")
    listed = client.folders_with_statuses()
    marks = {"\\marked", "\\unmarked"}  # they come once the mailbox is old enough
    found, alone = (
        {(each.wire, each.attributes - marks) for each in it} for it in (listed.mailboxes, client.folders())
    )
    assert found == alone
    assert any(wire == "Drafts" and "\\drafts" in each for wire, each in found)
    if without:
        assert listed.statuses is None
    else:
        assert listed.statuses == client.statuses(["INBOX", "Drafts", *names])


def test_a_second_clients_changes_come_unasked(client: ImapClient, clients: Callable[..., ImapClient]) -> None:
    uids = put(client, range(4))
    mailbox = client.select("INBOX")
    mailbox.news()
    other = clients().select("INBOX")
    other.store([uids[0]], add=FLAGGED)
    other.store([uids[1]], add=DELETED)
    other.expunge([uids[1]])
    put(clients(), range(1))
    mailbox.search("ALL")  # a command on the mailbox brings them
    news = mailbox.news()
    # Dovecot names the message by uid only when QRESYNC or CONDSTORE is on.
    assert news.unnamed or (uids[0], FLAGGED) in {(each.uid, each.flags) for each in news.changed}
    assert news.gone or news.vanished == ((uids[1], uids[1]),)
    assert (news.vanished != ()) == (client.level == "Q")
    assert news.exists == 4
    assert not any(mailbox.news()[:3])


def test_two_mailboxes_may_be_used_in_turns(client: ImapClient) -> None:
    client.create("other")
    put(client, range(3))
    put(client, range(1), "other")
    inbox, other = client.select("INBOX"), client.select("other")
    for _ in range(2):
        assert len(inbox.uids()) == 3
        assert len(other.uids()) == 1
    assert inbox.news().gone


def test_a_mailbox_that_was_made_anew_is_another_one(clients: Callable[..., ImapClient]) -> None:
    client = clients()
    client.create("f")
    put(client, range(1), "f")
    mailbox = client.select("f")
    client.select("INBOX")
    other = clients()
    other.delete("f")
    other.create("f")
    if other.state_of("f").validity == mailbox.opened.state.validity:
        pytest.skip("made anew with the same UIDVALIDITY")
    with pytest.raises(ImapError, match="made anew"):
        mailbox.uids()
    assert client.select("f").uids() == []


@pytest.mark.parametrize("without", [(), ("IDLE",)])
def test_changes_are_told_while_nobody_asks(
    dovecot: Dovecot, server: Server, clients: Callable[..., ImapClient], without: tuple[str, ...]
) -> None:
    async def connect() -> ImapSession:
        session = await open_session(server, dovecot.password)
        session.capabilities -= set(without)
        return session

    client = ImapClient(connect, times=ClientTimes(poll=0.05))
    changed = threading.Event()
    client.watch("INBOX", changed.set)
    assert changed.wait(20), "what came before the watch began is told by nobody else"
    changed.clear()
    other = clients()
    for number in itertools.count():
        put(other, range(number, number + 1))
        if changed.wait(0.5):
            break
        assert number < 40
    client.create("second")
    told = threading.Event()
    client.watch("second", told.set)
    assert told.wait(20)
    told.clear()
    for number in itertools.count():
        put(other, range(number, number + 1), "second")
        if told.wait(0.5):
            break
        assert number < 40
    client.close()


def test_calls_of_many_threads_do_not_disturb_each_other(client: ImapClient) -> None:
    uids = put(client, range(8))
    client.create("other")
    wrong: list[object] = []

    def work(seed: int) -> None:
        choice = random.Random(seed)
        try:
            mailbox = client.select("INBOX" if seed % 2 else "other", interactive=seed % 3 == 0)
            for _ in range(10):
                expected = uids if seed % 2 else []
                match choice.randrange(4):
                    case 0:
                        assert mailbox.uids() == expected
                    case 1:
                        assert sorted(each.uid for each in mailbox.headers(uids)) == expected
                    case 2:
                        mailbox.store(uids, add=FLAGGED)
                    case _:
                        assert client.folders()
        except BaseException as error:  # noqa: BLE001 - told by the test
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_full_mailbox_says_so(dovecot: Dovecot, server: Server) -> None:
    full = dataclasses.replace(server, username=dovecot.full_user())
    client = ImapClient(lambda: open_session(full, dovecot.password))
    with pytest.raises(ImapError, match="refused the letter") as caught:
        put(client, range(1))
    assert caught.value.status is not None
    assert caught.value.status.code == "OVERQUOTA"
    assert client.folders()
    client.close()


def test_a_wrong_password_is_told(server: Server) -> None:
    client = ImapClient(lambda: open_session(server, "wrong"))
    with pytest.raises(ImapError, match="refused the user name or password") as caught:
        client.folders()
    assert caught.value.lasting
    client.close()


def test_random_changes_of_two_clients_are_followed_by_qresync(clients: Callable[..., ImapClient]) -> None:
    """What SELECT with QRESYNC tells, laid over what was known, is what there is."""
    choice = random.Random(7)
    ours, other = clients(), clients()
    theirs = other.select("INBOX")
    known: dict[int, int] = {}
    state = ours.select("INBOX").opened.state
    for _ in range(25):
        for _ in range(choice.randrange(4)):
            uids = theirs.uids()
            match choice.randrange(3):
                case 0:
                    put(other, range(choice.randrange(1, 4)))
                case 1 if uids:
                    add = choice.choice([0, FLAGGED])
                    theirs.store(choice.sample(uids, 1), add=add, remove=FLAGGED - add)
                case 2 if uids:
                    gone = choice.sample(uids, 1)
                    theirs.store(gone, add=DELETED)
                    theirs.expunge(gone)
        opened = ours.select("INBOX", validity=state.validity, modseq=state.modseq).opened
        for first, last in opened.vanished:
            for uid in range(first, last + 1):
                known.pop(uid, None)
        known.update({each.uid: each.flags for each in opened.changed})
        state = opened.state
        assert sorted(known) == theirs.uids()
        assert known == {each.uid: each.flags for each in theirs.flags(1, max(known, default=1))}
        assert state.exists == len(known)
