"""config.toml: what is valid is read, what is wrong is told and left out alone."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.config.keymap import load_keys
from tuimail.config.loader import load, parse
from tuimail.config.model import (
    Account,
    Auth,
    Config,
    DelayedSending,
    Deleting,
    DeliveryReports,
    Identity,
    KeepPolicy,
    ListOrder,
    MaildirLayout,
    OutboxSettings,
    Rate,
    ReadingSettings,
    Security,
    SentCopy,
    Server,
    SpecialUse,
    SubmissionCommand,
    UiSettings,
    WhenLate,
    WhenRefused,
    WhenUncertain,
)
from tuimail.config.theme_file import FALLBACK, load_theme

if TYPE_CHECKING:
    from tuimail.config.model import Problem
    from tuimail.paths import Paths

FILE = Path("/home/ada/.config/tuimail/config.toml")

WHOLE = """\
default_account = "work"

[accounts.work]
address = "ada@example.org"
name = "Ada Lovelace"
aliases = ["countess@example.org"]
signature = "Ada\\nAnalytical Society"

[[accounts.work.identities]]
address = "babbage@example.org"
name = "Ada for Charles"
signature = ""

[accounts.work.submission]
host = "smtp.example.org"
security = "starttls"
username = "ada"
auth = "password"
password_command = ["pass", "show", "work"]
ca_file = "ca.pem"
ehlo_name = "laptop.example.org"

[accounts.work.imap]
host = "imap.example.org"
auth = "oauth2"

[accounts.work.mbox]
path = "/srv/ada/old.mbox"
[accounts.work.folders]
trash = "Deleted Items"
[accounts.work.maildir]
layout = "fs"
path = "/srv/ada/Maildir"

[accounts.work.sent]
copy = "append"

[accounts.home]
address = "ada@lovelace.example"
[accounts.home.submission]
command = ["/usr/sbin/sendmail", "-oi"]

[outbox]
undo_seconds = 0
when_uncertain = "resend"
when_some_refused = "hold"
when_late = "ask"
later = "server"
delivery_reports = "all"

[ui]
keymap = "mutt"
theme = "paper"
editor = "$EDITOR"

[reading]
delete = "at once"
mark_seen = "never"
order = "thread"
reverse = true
print = ["lpr", "-o", "duplex"]
[reading.openers]
"application/pdf" = ["zathura"]
"image/*" = ["feh", "%s"]
"""

WORK = Account(
    "work",
    (
        Identity("ada@example.org", "Ada Lovelace", "Ada\nAnalytical Society"),
        Identity("countess@example.org", "Ada Lovelace", "Ada\nAnalytical Society"),
        Identity("babbage@example.org", "Ada for Charles", ""),
    ),
    Server(
        "smtp.example.org",
        587,
        Security.STARTTLS,
        "ada",
        Auth.PASSWORD,
        ("pass", "show", "work"),
        FILE.parent / "ca.pem",
        "laptop.example.org",
    ),
    Server("imap.example.org", 993, Security.TLS, "ada@example.org", Auth.OAUTH2),
    maildir=Path("/srv/ada/Maildir"),
    maildir_layout=MaildirLayout.NESTED,
    mbox=Path("/srv/ada/old.mbox"),
    folders={SpecialUse.TRASH: "Deleted Items"},
    sent_copy=SentCopy.APPEND,
)
HOME = Account("home", (Identity("ada@lovelace.example"),), SubmissionCommand(("/usr/sbin/sendmail", "-oi")))

SMALL = """\
[accounts.work]
address = "ada@example.org"
[accounts.work.submission]
host = "smtp.example.org"
"""


def only(config: Config) -> Problem:
    assert len(config.problems) == 1, [str(problem) for problem in config.problems]
    return config.problems[0]


def server(config: Config) -> Server:
    account = config.accounts["work"]
    assert isinstance(account.submission, Server)
    return account.submission


def test_the_whole_contract_is_read() -> None:
    config = parse(WHOLE, FILE)
    assert config == Config(
        accounts={"work": WORK, "home": HOME},
        default_account="work",
        outbox=OutboxSettings(
            0.0, WhenUncertain.RESEND, WhenRefused.HOLD, WhenLate.ASK, DelayedSending.SERVER, DeliveryReports.ALL
        ),
        ui=UiSettings("mutt", "paper", "$EDITOR"),
        reading=ReadingSettings(
            Deleting.AT_ONCE,
            None,
            ListOrder.THREAD,
            reverse=True,
            openers={"application/pdf": ("zathura",), "image/*": ("feh", "%s")},
            print_command=("lpr", "-o", "duplex"),
        ),
        file=FILE,
    )


ON_SERVER = SMALL + '[accounts.work.imap]\nhost = "imap.example.org"\n[accounts.work.policy]\n'


def test_what_is_kept_is_read_by_folder() -> None:
    config = parse(f'{ON_SERVER}"*" = "headers"\nLists = "all"\n"A/b" = "none"\nINBOX = "recent"\n', FILE)
    assert config.problems == ()
    assert config.accounts["work"].policy == {
        "*": KeepPolicy.HEADERS,
        "Lists": KeepPolicy.ALL,
        "A/b": KeepPolicy.NONE,
        "INBOX": KeepPolicy.RECENT,
    }
    assert parse(SMALL, FILE).accounts["work"].policy == {}


@pytest.mark.parametrize(
    ("line", "key", "expected", "nearest"),
    [('Lists = "heads"', "accounts.work.policy.Lists", '"headers", "recent", "all" or "none"', "headers"),
     ("Lists = 90", "accounts.work.policy.Lists", '"headers", "recent", "all" or "none"', ""),
     ('inbox = "none"', "accounts.work.policy.inbox", "INBOX is always read", "")],
)  # fmt: skip
def test_what_is_wrong_about_what_is_kept_is_told_and_left_out(
    line: str, key: str, expected: str, nearest: str
) -> None:
    config = parse(f'{ON_SERVER}{line}\nOther = "all"\n', FILE)
    problem = only(config)
    assert (problem.line, problem.key, problem.nearest) == (8, key, nearest)
    assert expected in problem.expected
    assert config.accounts["work"].policy == {"Other": KeepPolicy.ALL}


def test_what_is_kept_of_mail_that_is_here_anyway_is_told() -> None:
    config = parse(f'{SMALL}[accounts.work.policy]\n"*" = "all"\n', FILE)
    problem = only(config)
    assert problem.warning
    assert "there is no [accounts.work.imap]" in problem.expected


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [('mark_seen = "later"', "reading.mark_seen", 'from 0 to 3600, or "never"'),
     ("mark_seen = true", "reading.mark_seen", 'from 0 to 3600, or "never"'),
     ("mark_seen = -1", "reading.mark_seen", 'from 0 to 3600, or "never"'),
     ('delete = "now"', "reading.delete", '"mark" or "at once"'),
     ('order = "size"', "reading.order", '"arrival", "date" or "thread"'),
     ('print = "lpr"', "reading.print", "without a shell"),
     ('openers = { pdf = ["zathura"] }', "reading.openers.pdf", "content type"),
     ('openers = { "image/*" = "feh" }', 'reading.openers."image/*"', "without a shell"),
     ("unread = 1", "reading.unread", "no such key")],
)  # fmt: skip
def test_what_is_wrong_about_reading_is_told_and_left_out(line: str, key: str, expected: str) -> None:
    config = parse(f"[reading]\n{line}\n", FILE)
    problem = only(config)
    assert (problem.line, problem.key) == (2, key)
    assert expected in problem.expected
    assert config.reading == ReadingSettings()


def test_a_message_may_count_as_read_at_once() -> None:
    assert parse("[reading]\nmark_seen = 0\n", FILE).reading.mark_seen == 0.0


def test_a_few_lines_are_enough() -> None:
    config = parse(SMALL, FILE)
    assert config.problems == ()
    assert config.default is config.accounts["work"]
    assert server(config) == Server("smtp.example.org", 465, Security.TLS, "ada@example.org")


@pytest.mark.parametrize(
    ("lines", "port", "security"),
    [
        ("", 465, Security.TLS),
        ('security = "tls"', 465, Security.TLS),
        ('security = "starttls"', 587, Security.STARTTLS),
        ("port = 587", 587, Security.STARTTLS),
        ("port = 25", 25, Security.STARTTLS),
        ("port = 465", 465, Security.TLS),
        ("port = 4650", 4650, Security.TLS),
        ('port = 587\nsecurity = "tls"', 587, Security.TLS),
    ],
)
def test_port_and_security_follow_each_other(lines: str, port: int, security: Security) -> None:
    assert (server(parse(SMALL + lines, FILE)).port, server(parse(SMALL + lines, FILE)).security) == (port, security)


@pytest.mark.parametrize(
    ("text", "line", "key", "expected", "nearest"),
    [
        # whole file
        ("a = [1\nb = 2", 2, "", "not valid TOML", ""),
        ("\n\n[ui\n", 3, "", "not valid TOML", ""),
        ('x = "unclosed', 1, "", "not valid TOML", ""),
        ("[ui]\n[ui]", 2, "", "not valid TOML", ""),
        ("a = 1\na = 2", 2, "", "not valid TOML", ""),
        # top level
        ("default_acount = 1", 1, "default_acount", "no such key", "default_account"),
        ("default_account = 1", 1, "default_account", "text in quotes, not a number", ""),
        ("accounts = 3", 1, "accounts", "Must be a table", ""),
        ("accounts.work = 3", 1, "accounts.work", "Must be a table", ""),
        ('[accounts."../x"]\n', 1, 'accounts."../x"', "letters, digits", ""),
        # account
        ("[accounts.work]\n" + SMALL[SMALL.index("[accounts.work.sub"):], 1, "accounts.work.address",
         "address is missing", ""),
        (SMALL.replace("ada@example.org", "ada"), 2, "accounts.work.address", "plain address", ""),
        (SMALL.replace("ada@example.org", "Ada <a@b.c>"), 2, "accounts.work.address", "plain address", ""),
        (SMALL.replace("ada@example.org", "a\\u0000@b.c"), 2, "accounts.work.address", "plain address", ""),
        (SMALL.replace("ada@example.org", "a@b..c"), 2, "accounts.work.address", "valid domain", ""),
        ('[accounts.work]\naddress = "a@b.c"', 1, "accounts.work.submission", "where letters leave", ""),
        ('[accounts.work]\naddress = "a@b.c"\nsubmission = 1', 3, "accounts.work.submission", "Must be a table", ""),
        (SMALL.replace("host", "hsot"), 3, "accounts.work.submission.host", "host is missing", ""),
        # settings that fall back
        ("[ui]\nkeymap = 'emacs'", 2, "ui.keymap", 'Must be "pine", "mutt"', ""),
        ("[ui]\ntheme = ''", 2, "ui.theme", "not be empty", ""),
        ("[ui]\nediter = 'vi'", 2, "ui.editer", "no such key in [ui]", "editor"),
        ("[ui]\n\neditor = true", 3, "ui.editor", "text in quotes, not true or false", ""),
        ("ui = 'pine'", 1, "ui", "Must be a table, [ui]", ""),
        ("[outbox]\nundo_seconds = '5'", 2, "outbox.undo_seconds", "number of seconds from 0 to 3600", ""),
        ("[outbox]\nundo_seconds = -1", 2, "outbox.undo_seconds", "number of seconds", ""),
        ("[outbox]\nundo_seconds = true", 2, "outbox.undo_seconds", "not true", ""),
        ("[outbox]\nundo_seconds = nan", 2, "outbox.undo_seconds", "number of seconds", ""),
        ("[outbox]\nwhen_uncertain = 'aks'", 2, "outbox.when_uncertain", '"ask" or "resend", not "aks"', "ask"),
        ("[outbox]\nwhen_late = 'aks'", 2, "outbox.when_late", '"send", "ask" or "hold", not "aks"', "ask"),
        ("[outbox]\nlater = 'serve'", 2, "outbox.later", '"here" or "server"', "server"),
        ("[outbox]\ndelivery_reports = true", 2, "outbox.delivery_reports", '"trouble", "all" or "none"', ""),
        ("[outbox]\nwhen_some_refused = 1", 2, "outbox.when_some_refused", '"send" or "hold"', ""),
    ],
)  # fmt: skip
def test_an_error_names_file_line_key_and_expectation(
    text: str, line: int, key: str, expected: str, nearest: str
) -> None:
    problem = next(each for each in parse(text, FILE).problems if each.key == key)
    assert problem.file == FILE
    assert problem.line == line
    assert expected in problem.expected
    assert problem.nearest == nearest
    assert f"{FILE}:{line}" in str(problem)


@pytest.mark.parametrize(
    ("lines", "key", "expected", "nearest"),
    [
        ("port = '465'", "port", "whole number from 1 to 65535", ""),
        ("port = 0", "port", "whole number from 1 to 65535, not 0", ""),
        ("port = 70000", "port", "not 70000", ""),
        ("port = 4.5", "port", "not 4.5", ""),
        ("security = 'ssl'", "security", '"tls", "starttls" or "none", not "ssl"', ""),
        ("security = 'startls'", "security", "not", "starttls"),
        ("auth = 'plain'", "auth", '"password", "oauth2" or "none"', ""),
        ("username = 3", "username", "text in quotes", ""),
        ('username = "a\\r\\nb"', "username", "control characters", ""),
        ("password_command = 'pass show work'", "password_command", "without a shell", ""),
        ("password_command = []", "password_command", "first is the program", ""),
        ("password_command = ['']", "password_command", "first is the program", ""),
        ("password_command = ['pass', 1]", "password_command", "list of texts", ""),
        ('password_command = ["a\\u0000b"]', "password_command", "list of texts", ""),
        ("ca_file = 1", "ca_file", "text in quotes", ""),
        ("ca_file = ''", "ca_file", "not an empty text", ""),
        ("command = ['sendmail']", "host", "keep one of the two", ""),
    ],
)
def test_a_wrong_value_in_a_server_leaves_its_account_out(lines: str, key: str, expected: str, nearest: str) -> None:
    problem = only(parse(SMALL + lines, FILE))
    assert parse(SMALL + lines, FILE).accounts == {}
    assert problem.key == f"accounts.work.submission.{key}"
    assert problem.line == (4 if key == "host" else 5)
    assert expected in problem.expected
    assert problem.nearest == nearest


@pytest.mark.parametrize(
    "host", ["", "smtp example.org", "https://x.org", "x.org:465", "x/y", "[::1]", "a@b", "a\\nb", "x" * 300]
)
def test_a_wrong_host_is_told(host: str) -> None:
    config = parse(SMALL.replace("smtp.example.org", host), FILE)
    assert config.accounts == {}
    assert only(config).key == "accounts.work.submission.host"


@pytest.mark.parametrize("host", ["smtp.example.org", "127.0.0.1", "::1", "2001:db8::1", "localhost", "bücher.example"])
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert server(parse(SMALL.replace("smtp.example.org", host), FILE)).host == host


@pytest.mark.parametrize(
    ("lines", "key", "nearest"),
    [
        ("prot = 587", "prot", "port"),
        ("securty = 'none'", "securty", "security"),
        ("passwordcommand = ['x']", "passwordcommand", "password_command"),
        ("Username = 'x'", "Username", "username"),
        ("zzz = 1", "zzz", ""),
        ("ehlo_name = 'a b'", "ehlo_name", ""),
    ],
)
def test_an_unknown_key_is_told_and_the_account_stays(lines: str, key: str, nearest: str) -> None:
    config = parse(SMALL + lines, FILE)
    assert "work" in config.accounts
    problem = only(config)
    assert (problem.line, problem.key, problem.nearest) == (5, f"accounts.work.submission.{key}", nearest)


def test_connections_are_bounded_for_servers_and_commands() -> None:
    assert server(parse(SMALL, FILE)).connections == 4
    assert server(parse(SMALL + "connections = 16", FILE)).connections == 16
    for wrong in ("0", "17", "true", "'many'"):
        config = parse(SMALL + f"connections = {wrong}", FILE)
        assert server(config).connections == 4
        assert only(config).key == "accounts.work.submission.connections"
    command = parse(SMALL.replace('host = "smtp.example.org"', "command = ['/bin/mail']\nconnections = 2"), FILE)
    assert command.accounts["work"].submission == SubmissionCommand(("/bin/mail",), 2)


def test_a_typo_in_security_never_weakens_it() -> None:
    assert server(parse(SMALL + "securty = 'none'", FILE)).security is Security.TLS


def test_a_password_in_the_file_is_refused_and_not_repeated() -> None:
    problem = only(parse(SMALL + "password = 'hunter2'", FILE))
    assert "password_command" in problem.expected
    assert "hunter2" not in str(problem)


def test_nothing_goes_in_clear_to_another_machine() -> None:
    config = parse(SMALL + "security = 'none'", FILE)
    assert config.accounts == {}
    (problem,) = (each for each in config.problems if each.key.endswith("submission.security"))
    assert not problem.warning
    assert "insecure = true" in problem.expected
    assert "so this server is not used" in problem.expected


def test_it_does_where_the_server_s_table_says_insecure() -> None:
    config = parse(SMALL + "security = 'none'\nauth = 'none'\ninsecure = true", FILE)
    assert server(config).security is Security.NONE
    assert server(config).insecure
    assert only(config).warning
    expected = "Not encrypted: others on the network can read the letters you send to smtp.example.org."
    assert only(config).expected == expected
    account = config.accounts["work"]
    assert account.via == "smtp.example.org:25, not encrypted"
    assert account.in_clear == ("smtp.example.org",)
    words = only(parse(SMALL + "security = 'none'\ninsecure = true", FILE)).expected
    assert words.endswith('The password is not sent like that: set auth = "none".')


def test_insecure_alone_makes_nothing_insecure() -> None:
    config = parse(SMALL + "insecure = true", FILE)
    assert config.problems == ()
    assert not server(config).insecure
    assert config.accounts["work"].via == "smtp.example.org:465"


def test_a_fallback_and_an_imap_server_say_it_for_themselves() -> None:
    more = """fallback = ["smtp2.example.org", {{ host = "smtp3.example.org", security = "none"{clear} }}]
security = 'none'
insecure = true
auth = 'none'
[accounts.work.imap]
host = 'imap.example.org'
security = 'none'
{imap}
"""
    account = parse(SMALL + more.format(clear="", imap=""), FILE).accounts["work"]
    assert [(each.host, each.security) for each in account.fallback] == [("smtp2.example.org", Security.STARTTLS)]
    assert account.imap is None
    assert account.in_clear == ("smtp.example.org",)
    account = parse(SMALL + more.format(clear=", insecure = true", imap="insecure = true"), FILE).accounts["work"]
    assert account.in_clear == ("smtp.example.org", "smtp3.example.org", "imap.example.org")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_plain_text_on_this_machine_needs_no_warning(host: str) -> None:
    assert parse(SMALL.replace("smtp.example.org", host) + "security = 'none'", FILE).problems == ()


def test_a_name_that_only_begins_like_loopback_is_another_machine() -> None:
    text = SMALL.replace("smtp.example.org", "127.0.0.1.evil.example") + "security = 'none'"
    assert parse(text, FILE).accounts == {}


def test_a_wrong_imap_server_leaves_the_sending_alone() -> None:
    config = parse(SMALL + "[accounts.work.imap]\nhost = 'imap.example.org'\nport = 'x'", FILE)
    assert config.accounts["work"].imap is None
    assert only(config).line == 7


def test_only_subscribed_folders_by_choice() -> None:
    text = SMALL + "[accounts.work.imap]\nhost = 'imap.example.org'\n"
    for more, chosen in (("", False), ("subscribed = true", True), ("subscribed = false", False)):
        imap = parse(text + more, FILE).accounts["work"].imap
        assert imap is not None
        assert imap.subscribed is chosen
    wrong = parse(text + "subscribed = 'yes'", FILE)
    assert only(wrong).key == "accounts.work.imap.subscribed"
    assert wrong.accounts["work"].imap is not None


def test_append_without_imap_falls_back() -> None:
    config = parse(SMALL + "[accounts.work.sent]\ncopy = 'append'", FILE)
    assert config.accounts["work"].sent_copy is SentCopy.AUTO
    assert only(config).key == "accounts.work.sent.copy"


def test_a_wrong_alias_is_left_out_alone() -> None:
    config = parse(SMALL.replace("[accounts.work.sub", "aliases = ['x@y.z', 'no', 3]\n[accounts.work.sub"), FILE)
    assert [identity.address for identity in config.accounts["work"].identities] == ["ada@example.org", "x@y.z"]
    assert {problem.key for problem in config.problems} == {"accounts.work.aliases[2]", "accounts.work.aliases[3]"}


def test_another_identity_never_takes_the_place_of_a_broken_address() -> None:
    text = SMALL.replace("ada@example.org", "ada").replace(
        "[accounts.work.sub", "aliases=['x@y.z']\n[accounts.work.sub"
    )
    assert parse(text, FILE).accounts == {}


def test_identities_alone_are_enough() -> None:
    text = '[[accounts.work.identities]]\naddress = "a@b.c"\n' + SMALL[SMALL.index("[accounts.work.sub") :]
    config = parse(text, FILE)
    assert config.problems == ()
    assert config.accounts["work"].identity.address == "a@b.c"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"smtp2.example.org"', ("smtp2.example.org", 465, Security.TLS)),
        ('"smtp2.example.org:587"', ("smtp2.example.org", 587, Security.STARTTLS)),
        ('"smtp2.example.org:4650"', ("smtp2.example.org", 4650, Security.TLS)),
        ('"2001:db8::1"', ("2001:db8::1", 465, Security.TLS)),
        ('"[2001:db8::1]:587"', ("2001:db8::1", 587, Security.STARTTLS)),
        ('{ host = "smtp2.example.org" }', ("smtp2.example.org", 465, Security.TLS)),
        ('{ host = "smtp2.example.org", security = "starttls" }', ("smtp2.example.org", 587, Security.STARTTLS)),
        (
            '{ host = "smtp2.example.org", port = 2525, security = "tls" }',
            ("smtp2.example.org", 2525, Security.TLS),
        ),
    ],
)
def test_a_server_that_stands_in_is_like_the_first(written: str, expected: tuple[str, int, Security]) -> None:
    config = parse(SMALL + f'username = "ada"\npassword_command = ["pass"]\nfallback = [{written}]\n', FILE)
    assert config.problems == ()
    account = config.accounts["work"]
    (other,) = account.fallback
    assert (other.host, other.port, other.security) == expected
    assert (other.username, other.password_command) == ("ada", ("pass",))
    assert account.secret_server(other) == account.submission


def test_a_server_that_stands_in_may_have_a_user_of_its_own() -> None:
    config = parse(SMALL + 'fallback = [{ host = "smtp.elsewhere.example", username = "countess" }]\n', FILE)
    account = config.accounts["work"]
    (other,) = account.fallback
    assert other.username == "countess"
    assert account.secret_server(other) == other


def test_what_is_clear_on_this_machine_does_not_leave_it_clear() -> None:
    text = SMALL.replace("smtp.example.org", "localhost") + 'port = 25\nsecurity = "none"\n'
    account = parse(text + 'fallback = ["127.0.0.1", "smtp.example.org"]\n', FILE).accounts["work"]
    assert [each.security for each in account.fallback] == [Security.NONE, Security.STARTTLS]


@pytest.mark.parametrize(
    "written", ['"smtp://x"', '"smtp2.example.org:99999"', "3", "{ port = 3 }", '{ host = "a b" }']
)
def test_a_wrong_server_that_stands_in_is_left_out_alone(written: str) -> None:
    config = parse(SMALL + f'fallback = ["smtp3.example.org", {written}]\n', FILE)
    (problem,) = config.problems
    assert problem.key.startswith("accounts.work.submission.fallback[2]")
    assert [each.host for each in config.accounts["work"].fallback] == ["smtp3.example.org"]


@pytest.mark.parametrize(
    ("written", "rate", "words"),
    [
        ("100/h", Rate(100, 3600.0), "100 letters an hour"),
        ("1 / min", Rate(1, 60.0), "1 letter a minute"),
        ("2000/d", Rate(2000, 86400.0), "2000 letters a day"),
        ("20/m", Rate(20, 60.0), "20 letters a minute"),
    ],
)
def test_a_pace_of_the_user_is_read(written: str, rate: Rate, words: str) -> None:
    account = parse(SMALL + f'rate = "{written}"\n', FILE).accounts["work"]
    assert account.rate == rate
    assert str(account.rate) == words


@pytest.mark.parametrize("written", ['"fast"', '"0/h"', '"100/w"', "100"])
def test_a_wrong_pace_is_told_and_the_account_stays(written: str) -> None:
    config = parse(SMALL + f"rate = {written}\n", FILE)
    (problem,) = config.problems
    assert problem.key == "accounts.work.submission.rate"
    assert config.accounts["work"].rate is None


def test_a_command_has_no_server_to_stand_in() -> None:
    config = parse(SMALL.replace('host = "smtp.example.org"', 'command = ["msmtp"]\nfallback = ["x.example"]'), FILE)
    assert [problem.key for problem in config.problems] == ["accounts.work.submission.fallback"]


def test_one_broken_account_leaves_the_others() -> None:
    config = parse(WHOLE.replace('host = "smtp.example.org"', "host = 5"), FILE)
    assert config.accounts == {"home": HOME}
    assert [problem.key for problem in config.problems] == ["default_account", "accounts.work.submission.host"]


def test_an_unknown_default_account_names_the_nearest() -> None:
    config = parse('default_account = "wrk"\n' + SMALL, FILE)
    assert config.default is config.accounts["work"]
    assert (only(config).line, only(config).nearest) == (1, "work")


def test_toml_that_cannot_be_read_yields_an_empty_config() -> None:
    config = parse(WHOLE + "\n[broken", FILE)
    assert config == Config(problems=config.problems, file=FILE)
    assert only(config).line == WHOLE.count("\n") + 2


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 5000, "a = " + "{b=" * 3000])
def test_absurd_toml_is_one_problem(text: str) -> None:
    assert "not valid TOML" in only(parse(text, FILE)).expected


MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, WHOLE.index("[accounts.home]") - 1),
        st.sampled_from(["delete", "insert", "replace", "drop-line"]),
        st.sampled_from([*"[]{}\"'=#.,\n\\ \t0aß\x00\ud7ff", '"""', "= 1\n", "[x]\n", "[[accounts]]\n"]),
    ),
    min_size=1,
    max_size=4,
)


def mutated(text: str, changes: list[tuple[int, str, str]]) -> str:
    for at, how, what in changes:
        if how == "drop-line":
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            text = text[:start] + text[end + 1 :]
        else:
            text = text[:at] + ("" if how == "delete" else what) + text[at + (how != "insert") :]
    return text


@given(MUTATIONS)
def test_no_mutation_of_a_config_raises(changes: list[tuple[int, str, str]]) -> None:
    config = parse(mutated(WHOLE, changes), FILE)
    assert all(problem.expected and str(problem).isprintable() for problem in config.problems)


LEAVES = [line for line in WHOLE.splitlines() if " = " in line]
VALUES = [
    "1",
    "-1",
    "true",
    "nan",
    "''",
    "'x'",
    "[]",
    "['x']",
    "[[]]",
    "{}",
    "{a = 1}",
    "1979-05-27",
    '"\\u0000"',
    "1e999",
]


@given(st.lists(st.tuples(st.sampled_from(LEAVES), st.sampled_from(VALUES)), min_size=1, max_size=5))
def test_wrong_values_never_cost_an_account_they_are_not_in(changes: list[tuple[str, str]]) -> None:
    text = WHOLE
    hit = set()
    for line, value in changes:
        section = _section_of(line)
        hit.add(section)
        text = text.replace(line, f"{line.split(' = ')[0]} = {value}")
    config = parse(text, FILE)
    if "accounts.home" not in hit:
        assert config.accounts["home"] == HOME
    if not any(section.startswith("accounts.work") for section in hit):
        assert config.accounts["work"] == WORK
    if "accounts.work" not in hit and "accounts.work.submission" not in hit:
        assert config.accounts["work"].submission == WORK.submission
    if "ui" not in hit:
        assert config.ui == UiSettings("mutt", "paper", "$EDITOR")


def _section_of(line: str) -> str:
    before = WHOLE[: WHOLE.index(line)].splitlines()
    header = next((each for each in reversed(before) if each.startswith("[")), "[]")
    section = header.strip("[]").replace(".identities", "")
    return "accounts.home" if section == "accounts.home.submission" else section


# -- the file itself


def write(paths: Paths, text: str, mode: int = 0o600) -> None:
    paths.config_file.parent.mkdir(parents=True, exist_ok=True)
    paths.config_file.write_text(text)
    paths.config_file.chmod(mode)


def test_no_file_is_an_empty_config_without_problems(paths: Paths) -> None:
    assert load(paths) == Config()


def test_a_private_file_may_hold_commands(paths: Paths) -> None:
    write(paths, WHOLE)
    assert set(load(paths).accounts) == {"work", "home"}
    assert load(paths).problems == ()


@pytest.mark.parametrize("mode", [0o602, 0o666])
@pytest.mark.parametrize("more", ["", "password_command = ['pass']", "[ui]\neditor = 'vi'"])
def test_nothing_is_used_of_a_file_others_may_write(paths: Paths, mode: int, more: str) -> None:
    write(paths, "default_account = 'work'\n" + SMALL + more, mode)
    config = load(paths)
    assert config == Config(problems=config.problems, file=paths.config_file, distrusted=True)
    assert not only(config).warning
    assert f"Everybody may write to this file (it belongs to {getpass.getuser()} and has mode 0{mode:o})" in str(
        only(config)
    )
    assert only(config).expected.endswith(f"Run: chmod go-w {paths.config_file}")
    paths.config_file.chmod(0o600)
    assert "work" in load(paths).accounts
    assert not load(paths).distrusted


def test_keys_that_others_may_write_are_not_used(paths: Paths) -> None:
    write(paths, SMALL)
    paths.keys_file.write_text("[keys]\nsend = 'f2'\n")
    paths.keys_file.chmod(0o646)
    said = load_keys(paths.keys_file, {"send": {"composer"}})
    assert not any(said.keys.values())
    assert f"chmod go-w {paths.keys_file}" in said.problems[0].expected


def test_a_theme_that_others_may_write_is_not_used_unless_it_is_ours(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.themes.mkdir(parents=True)
    theme = "[colours]\nbackground = '#000000'\nforeground = '#ffffff'\nprimary = '#00ff00'\n"
    (paths.themes / "loud.toml").write_text(theme)
    (paths.themes / "loud.toml").chmod(0o666)
    shown, problems = load_theme("loud", paths)
    assert shown == FALLBACK
    assert "chmod go-w" in problems[0].expected
    monkeypatch.setattr("tuimail.config.theme_file.own_themes", lambda: paths.themes)
    assert load_theme("loud", paths)[1] == ()


def test_a_file_others_may_read_is_warned_about_when_it_holds_commands(paths: Paths) -> None:
    write(paths, SMALL + "password_command = ['pass']", 0o644)
    assert "work" in load(paths).accounts
    assert only(load(paths)).warning
    write(paths, SMALL, 0o644)
    assert load(paths).problems == ()


def test_what_is_no_regular_file_is_told_without_hanging(paths: Paths) -> None:
    paths.config_file.parent.mkdir(parents=True)
    os.mkfifo(paths.config_file)
    assert "not a regular file" in only(load(paths)).expected
    paths.config_file.unlink()
    paths.config_file.mkdir()
    assert "cannot be read" in only(load(paths)).expected


def test_bytes_that_are_no_utf8_are_told_with_their_line(paths: Paths) -> None:
    write(paths, "")
    paths.config_file.write_bytes(b"[ui]\ntheme = '\xff'\n")
    assert (only(load(paths)).line, "UTF-8" in only(load(paths)).expected) == (2, True)


def test_a_huge_file_is_not_read(paths: Paths) -> None:
    write(paths, "#" * 1_000_001)
    assert "larger than 1 MB" in only(load(paths)).expected


def test_a_dangling_link_is_told(paths: Paths) -> None:
    paths.config_file.parent.mkdir(parents=True)
    paths.config_file.symlink_to("/nowhere/at/all")
    assert "is a broken link" in only(load(paths)).expected
