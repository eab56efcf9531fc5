"""What IMAP servers of providers say of themselves, as far as it matters to a client: one row a server."""

from __future__ import annotations

from dataclasses import dataclass

_ALL = r"\Answered \Flagged \Deleted \Seen \Draft"


@dataclass(frozen=True)
class Provider:
    """A server, as it behaves in the tests."""

    before: str
    """Capabilities before the sign-in."""
    after: str
    """Capabilities after it."""
    level: str
    """The highest that may be used with it."""
    permanent: str = rf"{_ALL} \*"
    folders: tuple[str, ...] = ("INBOX", "Sent", "Trash")
    """As in LIST behind the attributes."""
    uses: tuple[tuple[str, str], ...] = ()
    """Attributes by folder."""
    delimiter: str = "/"
    prefix: str = ""

    @property
    def listed(self) -> list[str]:
        """The answer to LIST."""
        attributes = dict(self.uses)
        return [f'* LIST ({attributes.get(each, "")}) "{self.delimiter}" "{each}"' for each in self.folders]


PROVIDERS = {
    "Gmail": Provider(
        "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 AUTH=PLAIN SASL-IR",
        "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE "
        "CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE",
        "C",
        folders=("INBOX", "Work", "[Gmail]", "[Gmail]/All Mail", "[Gmail]/Spam", "[Gmail]/Starred", "[Gmail]/Trash"),
        uses=(
            ("[Gmail]", "\\Noselect"),
            ("[Gmail]/All Mail", "\\All"),
            ("[Gmail]/Spam", "\\Junk"),
            ("[Gmail]/Starred", "\\Flagged"),
            ("[Gmail]/Trash", "\\Trash"),
        ),
    ),
    "Exchange": Provider(
        "IMAP4 IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
        "IMAP4 IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
        "P",
        permanent=rf"{_ALL} $MDNSent",
        folders=("INBOX", "Sent Items", "Deleted Items", "Junk Email"),
    ),
    "iCloud": Provider(
        "IMAP4rev1 XAPPLEPUSHSERVICE AUTH=PLAIN SASL-IR",
        "IMAP4rev1 QUOTA STATUS=SIZE QRESYNC ENABLE CONDSTORE ESEARCH IDLE LIST-EXTENDED LIST-STATUS MOVE NAMESPACE "
        "SPECIAL-USE UIDPLUS UNSELECT XLIST",
        "C",
        folders=("INBOX", "Sent Messages", "Deleted Messages"),
    ),
    "Yahoo": Provider(
        "IMAP4rev1 SASL-IR AUTH=PLAIN ID MOVE NAMESPACE XYMHIGHESTMODSEQ UIDPLUS LITERAL+ CHILDREN UNSELECT",
        "IMAP4rev1 ID MOVE NAMESPACE XYMHIGHESTMODSEQ UIDPLUS LITERAL+ CHILDREN UNSELECT IDLE OBJECTID SPECIAL-USE",
        "P",
    ),
    "Proton Bridge": Provider(
        "IMAP4rev1 AUTH=PLAIN STARTTLS IDLE", "IMAP4rev1 IDLE UIDPLUS MOVE UNSELECT ID", "P", folders=("INBOX", "Sent")
    ),
    "Courier": Provider(
        "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN ACL ACL2=UNION",
        "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=REFERENCES SORT QUOTA IDLE ACL ACL2=UNION",
        "P",
        folders=("INBOX", "INBOX.Sent", "INBOX.Trash"),
        delimiter=".",
        prefix="INBOX.",
    ),
    "Zimbra": Provider(
        "IMAP4rev1 AUTH=PLAIN SASL-IR ID LITERAL+ NAMESPACE UIDPLUS",
        "IMAP4rev1 ACL BINARY CATENATE CHILDREN CONDSTORE ENABLE ESEARCH ESORT ID IDLE LIST-EXTENDED LIST-STATUS "
        "LITERAL+ MULTIAPPEND NAMESPACE QRESYNC QUOTA RIGHTS=ektx SASL-IR SEARCHRES SORT UIDPLUS UNSELECT WITHIN XLIST",
        "Q",
    ),
    "Cyrus": Provider(
        "IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN SASL-IR",
        "IMAP4rev1 LITERAL+ ID ENABLE ACL RIGHTS=kxten QUOTA NAMESPACE UIDPLUS CHILDREN CONDSTORE ESEARCH QRESYNC MOVE "
        "LIST-EXTENDED LIST-STATUS SPECIAL-USE OBJECTID IDLE UNSELECT",
        "Q",
    ),
}
