"""The options of ``tuimail account add`` and ``remove``; quick to import, because each verb makes the whole parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_options(parser: ArgumentParser) -> None:
    """Those of ``add``."""
    parser.add_argument("address", nargs="?", default="", metavar="ADDRESS", help="whose servers are looked for")
    parser.add_argument("--name", default="", help="your own name, as others see it")
    parser.add_argument("--account", default="", metavar="NAME", help="what the account is called here")
    parser.add_argument("--password-command", default="", metavar="COMMAND", help="prints the password")
    parser.add_argument("--store", choices=("keyring", "file", "memory"), help="where the password goes")
    reading = parser.add_mutually_exclusive_group()
    reading.add_argument("--imap", default="", metavar="HOST[:PORT]", help="the IMAP server")
    reading.add_argument("--maildir", default="", metavar="PATH", help="mail is read there")
    reading.add_argument("--mbox", default="", metavar="PATH", help="mail is read there, and never changed")
    sending = parser.add_mutually_exclusive_group()
    sending.add_argument("--smtp", default="", metavar="HOST[:PORT]", help="the submission server")
    sending.add_argument("--submission-command", default="", metavar="COMMAND", help='as "/usr/sbin/sendmail -oi"')
    parser.add_argument("--user", default="", metavar="NAME", help="the user name at the servers, if not the address")
    parser.add_argument("--ca-file", default="", metavar="FILE", help="the certificate of a private authority")
    parser.add_argument("--yes", action="store_true", help="go on without being asked")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def remove_options(parser: ArgumentParser) -> None:
    """Those of ``remove``."""
    parser.add_argument("name", metavar="NAME", help="this account")
    parser.add_argument("--yes", action="store_true", help="remove it and its password without being asked")
    parser.add_argument("--keep-password", action="store_true", help="leave its password where it is stored")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
