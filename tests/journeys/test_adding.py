"""From an address to a letter read and one sent, without a screen, a keyring, D-Bus or a browser.

The provider is on this machine: autoconfig over HTTPS, and real Postfix and Dovecot with a private authority.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.accounts.discovery.documents import document, server
from tests.accounts.discovery.loopback_provider import LoopbackProvider, page
from tests.journeys.local_names import VARIABLE, LocalProgram
from tuimail.scrubber import _forms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.journeys.program import Ran
    from tests.support.certificates import Authority
    from tests.support.postfix import Postfix

pytestmark = pytest.mark.real_servers

PASSPHRASE = "echo a-long-passphrase"
COMMENTED = '# mine\n[ui]\ntheme = "mutt"   # as ever\n'


@pytest.fixture
async def provider(authority: Authority, postfix: Postfix) -> AsyncIterator[LoopbackProvider]:
    """The web server of example.org, which names the real servers."""
    certificate = authority.issue("autoconfig.example.org", "example.org")
    async with LoopbackProvider(certificate, authority.ca_file) as running:
        servers = (
            server(host="localhost", port=str(postfix.dovecot.imaps)),
            server("outgoing", host="localhost", port=str(postfix.submission), socket="STARTTLS"),
        )
        running.pages["autoconfig.example.org/mail/config-v1.1.xml"] = page(document(*servers))
        yield running


@pytest.fixture
def program(tmp_path: Path, provider: LoopbackProvider, authority: Authority) -> LocalProgram:
    """A user who has nothing yet."""
    home = tmp_path / "home"
    home.mkdir()
    more = {
        VARIABLE: json.dumps(provider.network.ports),
        "SSL_CERT_FILE": str(authority.ca_file),
        "TUIMAIL_PASSPHRASE_COMMAND": PASSPHRASE,
    }
    return LocalProgram(home, more)


async def run(program: LocalProgram, *words: str, text: str = "") -> Ran:
    return await asyncio.to_thread(program.run, *words, text=text)


def found_nowhere(secret: str, program: LocalProgram, *ran: Ran) -> None:
    """The secret is in no file and in nothing that was printed, in clear or encoded."""
    for form in _forms(secret):
        for each in ran:
            assert form not in each.out + each.err
        for file in program.home.rglob("*"):
            assert not file.is_file() or form.encode() not in file.read_bytes(), file


async def test_add_sync_show_and_send(program: LocalProgram, postfix: Postfix) -> None:
    ada, bob = postfix.new_user("ada"), postfix.new_user("bob")
    program.configure(COMMENTED)
    added = await run(
        program, "account", "add", ada, "--name", "Ada", "--account", "work", "--yes", text=f"{postfix.password}\n"
    )
    assert added.code == 0, added
    assert added.out == f"work reads and sends mail as {ada}. Next: tuimail sync work\n"
    # What is sent to whom is told before it is, and where the servers come from before the password is asked.
    said = added.err
    told = [
        said.index(words)
        for words in (
            "the address to autoconfig.example.org",
            "Found for Example Mail (source: autoconfig.example.org):",
            "Signed in as",
        )
    ]
    assert told == sorted(told)
    assert "The password goes to localhost, encrypted." in said
    assert program.config_file.read_text().startswith(COMMENTED)
    found_nowhere(postfix.password, program, added)

    sent = await run(program, "send", ada, "-s", "To myself", "--json", text="The mill.\n")
    assert (sent.code, sent.document["state"]) == (0, "done"), sent
    await asyncio.to_thread(postfix.dovecot.wait_for_letters, ada)
    synced = await run(program, "sync", "work")
    assert synced.code == 0, synced
    (letter,) = (await run(program, "search", "mill", "--folder", "INBOX", "--json")).document
    shown = await run(program, "show", letter["id"], "--text")
    assert "The mill." in shown.out
    answer = await run(program, "send", bob, "-s", "News", text="All is well.\n")
    assert answer.code == 0, answer
    (read,) = await asyncio.to_thread(postfix.dovecot.wait_for_letters, bob)
    assert b"All is well." in read
    found_nowhere(postfix.password, program, sent, synced, shown, answer)

    removed = await run(program, "account", "remove", "work", "--yes")
    assert removed.out == "work was removed, and its password from the password file\n", removed
    assert program.config_file.read_text() == COMMENTED
    assert (await run(program, "outbox", "list", "--all", "--json")).document


async def test_a_wrong_password_saves_nothing_and_the_right_one_does(program: LocalProgram, postfix: Postfix) -> None:
    ada = postfix.new_user("ada")
    refused = await run(program, "account", "add", ada, "--yes", "--json", text="wrong-canary\n")
    assert refused.code == 77, refused
    assert (refused.document["saved"], refused.document["proven"]) == (False, False)
    assert [each["step"] for each in refused.document["findings"] if not each["ok"]] == ["sign-in", "sign-in"]
    assert not program.config_file.exists()
    assert not (program.data / "secrets").exists()
    found_nowhere("wrong-canary", program, refused)

    added = await run(program, "account", "add", ada, "--yes", "--json", text=f"{postfix.password}\n")
    assert added.code == 0, added
    answer = added.document
    assert (answer["account"], answer["saved"], answer["stored"]) == ("example", True, "file")
    assert answer["source"] == "autoconfig.example.org"
    assert answer["settings"]["imap"]["host"] == "localhost"
    listed = await run(program, "account", "list", "--json")
    assert [each["name"] for each in listed.document] == ["example"]
    assert (await run(program, "account", "check", "example")).code == 0


async def test_without_a_place_for_the_password_nothing_is_saved(program: LocalProgram, postfix: Postfix) -> None:
    """As over ssh: no keyring, and nobody who could type a passphrase."""
    del program.more["TUIMAIL_PASSPHRASE_COMMAND"]
    ran = await run(program, "account", "add", postfix.new_user(), "--yes", text=f"{postfix.password}\n")
    assert ran.code == 77, ran
    assert "password_command" in ran.err
    assert not program.config_file.exists()
    found_nowhere(postfix.password, program, ran)


async def test_without_yes_a_script_learns_what_would_be_sent_and_nothing_is(
    program: LocalProgram, provider: LoopbackProvider, postfix: Postfix
) -> None:
    ran = await run(program, "account", "add", postfix.new_user(), text="secret\n")
    assert ran.code == 64
    assert "the address to autoconfig.example.org" in ran.err
    assert "--yes" in ran.err
    assert provider.requests == []


async def test_a_dry_run_shows_what_would_be_written(program: LocalProgram, postfix: Postfix) -> None:
    ran = await run(program, "account", "add", postfix.new_user(), "--yes", "--dry-run")
    assert ran.code == 0, ran
    assert "[accounts.example.imap]" in ran.out
    assert not program.config_file.exists()


async def test_nothing_found_says_why_at_each_source(program: LocalProgram, provider: LoopbackProvider) -> None:
    provider.pages.clear()
    ran = await run(program, "account", "add", "ada@example.org", "--yes", "--json")
    assert ran.code == 69
    answer = ran.document
    assert (answer["saved"], answer["address"]) == (False, "ada@example.org")
    reason = "autoconfig.example.org has no settings for mail programs."
    assert {"source": "autoconfig.example.org", "reason": reason} in answer["failures"]
    assert reason in ran.err
    assert "--imap HOST" in ran.err
