"""Mail addresses (RFC 5322 section 3.4, RFC 6532), and the parser for lists of them as people type them.

The standard library's parsers guess; this one refuses. An ambiguous address is an error with a position, so that no
letter goes to a wrong recipient (the class of CVE-2023-27043).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.errors import AddressError
from tuimail.mail.address_tokens import EDGES, Token, Tokens
from tuimail.mail.domain import DomainError, ascii_domain
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LOCAL_PART = 64
"""Octets (RFC 5321 section 4.5.3.1.1)."""
MAX_ADDRESS = 254
"""Octets of the whole addr-spec (RFC 5321 section 4.5.3.1.3, less the angle brackets)."""

_SPECIALS = frozenset('()<>[]:;@\\,."')


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: ``Ada Lovelace <ada@example.org>``."""

    display_name: str
    """Decoded and unquoted; may be empty."""
    local_part: str
    """Unquoted; may contain any printable character."""
    domain: str
    """As typed: Unicode, A-labels, or a literal in brackets."""

    @property
    def addr_spec(self) -> str:
        """``local@domain`` with the local part quoted if necessary."""
        return f"{_quoted_local(self.local_part)}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """The local part has no ASCII form, so only SMTPUTF8 servers can take it (RFC 6531)."""
        return not self.local_part.isascii()

    def wire_spec(self) -> str:
        """The addr-spec for the wire: domain as A-labels, local part raw (UTF-8 only under SMTPUTF8)."""
        return f"{_quoted_local(self.local_part)}@{ascii_domain(self.domain)}"

    def ascii_spec(self) -> str:
        """The addr-spec in ASCII, the domain as A-labels.

        Raises:
            AddressError: the local part is not ASCII.
        """
        if self.needs_smtputf8:
            raise AddressError(
                f"{safe_line(self.addr_spec)} has no ASCII form.",
                text=self.addr_spec,
                hint="Only a server with SMTPUTF8 can take it.",
            )
        return self.wire_spec()

    @property
    def key(self) -> str:
        """Equal for two spellings of one mailbox: the domain's case and form are folded, the local part's are not."""
        return f"{_quoted_local(self.local_part)}@{ascii_domain(self.domain).casefold()}"

    def __str__(self) -> str:
        if not self.display_name:
            return self.addr_spec
        return f"{quoted_phrase(self.display_name)} <{self.addr_spec}>"


def quoted_phrase(name: str) -> str:
    """``name`` as written before an angle bracket: unchanged if it consists of plain words, else quoted."""
    words = name.split(" ")
    if all(words) and not _SPECIALS & set(name):
        return name
    return _quoted(name)


def parse_addresses(text: str, *, field: str = "") -> tuple[Address, ...]:
    """The addresses of a list as typed: commas or semicolons between them; names, quotes, comments and groups.

    Returns all addresses or fails. ``field`` is used in the error ("to", "cc").

    Raises:
        AddressError: an invalid address; its text says why, ``position`` where.
    """
    return _Parser(text, field).addresses()


def parse_address(text: str, *, field: str = "") -> Address:
    """Exactly one address.

    Raises:
        AddressError: none, more than one, or not valid.
    """
    found = parse_addresses(text, field=field)
    if len(found) != 1:
        said = "There is no address" if not found else "There is more than one address"
        raise AddressError(f'{said} in "{safe_line(text)}".', text=text, field=field, hint="Write exactly one.")
    return found[0]


class _Parser(Tokens):
    def addresses(self) -> tuple[Address, ...]:
        found: list[Address] = []
        item: list[Token] = []
        opened = False  # between < and >
        for token in self.tokens():
            if token.kind == "special" and not opened:
                if token.text in ",;":
                    found.extend(self._item(item))
                    item = []
                    continue
                if token.text == ":":
                    self._group_name(item, token)
                    item = []
                    continue
                opened = token.text == "<"
            elif token.kind == "special" and token.text == ">":
                opened = False
            item.append(token)
        found.extend(self._item(item))
        return tuple(found)

    def _group_name(self, item: list[Token], colon: Token) -> None:
        """``Friends:`` names a group and is not an address; anything else before a colon is an error."""
        if not item or any(token.kind in ("special", "literal") for token in item):
            self.fail("a colon may only follow the name of a group", colon.position)

    def _item(self, item: list[Token]) -> Iterator[Address]:
        comments = [token.text for token in item if token.kind == "comment"]
        tokens = [token for token in item if token.kind != "comment"]
        while tokens and _is_blank(tokens[-1]):
            tokens.pop()
        if not tokens:
            if comments:
                self.fail("there is a comment but no address", item[0].position)
            return
        opening = next((n for n, token in enumerate(tokens) if _is(token, "<")), None)
        if opening is None:
            spec, phrase = _trimmed(tokens), []
        else:
            spec, phrase = self._between(tokens, opening), tokens[:opening]
        for token in item:
            if token.kind == "comment" and spec[0].position < token.position < spec[-1].position:
                self.fail("a comment may not stand inside an address", token.position)
        address = self._addr_spec(spec, bare=opening is None)
        if any(token.kind in ("special", "literal") for token in phrase):
            name = self._loose_name(phrase, address)
        elif phrase:
            # A comment beside a name is part of what its writer calls somebody: Support (Billing).
            named = {id(token) for token in phrase}
            said = [token for token in item if id(token) in named or token.kind == "comment"]
            name = " ".join(f"({token.text})" if token.kind == "comment" else token.text for token in said)
        else:
            name = " ".join(comments)
        name = name.strip(EDGES)
        self._check_name(name, item[0].position)
        yield Address(name, address.local_part, address.domain)

    def _between(self, tokens: list[Token], opening: int) -> list[Token]:
        closing = next((n for n, token in enumerate(tokens) if _is(token, ">")), None)
        if closing is None:
            self.fail("the < is never closed by a >", tokens[opening].position)
        if closing < opening:
            self.fail("a > without a < before it", tokens[closing].position)
        if len(tokens) > closing + 1:
            self.fail("there is text after the >; is a comma missing?", tokens[closing + 1].position)
        if all(map(_is_blank, tokens[opening + 1 : closing])):
            self.fail("there is no address between < and >", tokens[opening].position)
        spec = _trimmed(tokens[opening + 1 : closing])
        # Outlook copies an address as ada@example.org<mailto:ada@example.org>.
        link = len(spec) > 2 and spec[0].text.casefold() == "mailto" and _is(spec[1], ":")
        return spec[2:] if link else spec

    def _loose_name(self, phrase: list[Token], address: Address) -> str:
        """``ada@example.org <ada@example.org>`` is fine; another address before the bracket is not."""
        written = "".join(f" {token.text}" if token.spaced else token.text for token in phrase).strip()
        written = written.strip(f"'{EDGES}")
        if written.casefold() != address.addr_spec.casefold():
            place = next(token.position for token in phrase if token.kind in ("special", "literal"))
            self.fail('the name before < holds a character that needs quotation marks, as in "Doe, Jane"', place)
        return written

    def _addr_spec(self, tokens: list[Token], *, bare: bool) -> Address:
        start = tokens[0].position
        ats = [n for n, token in enumerate(tokens) if _is(token, "@")]
        if not ats:
            self.fail("the @ is missing", start)
        if len(ats) > 1:
            self.fail("this address has two @; is a comma missing?", tokens[ats[1]].position)
        left, right = tokens[: ats[0]], tokens[ats[0] + 1 :]
        if not left:
            self.fail("there is nothing before the @", tokens[ats[0]].position)
        if not right:
            self.fail("there is nothing after the @", tokens[ats[0]].position + 1)
        for token in tokens[1:]:
            if token.spaced:
                advice = "a name before an address needs angle brackets, as in Jane <jane@example.org>"
                self.fail(f"there is a space in the address; {advice if bare else 'take it out'}", token.position)
        if len(left) > 1 or left[0].kind not in ("word", "quoted"):
            self.fail("before the @ stands one word, or one text in quotation marks", left[-1].position)
        local = left[0].text
        self._check_local(local, start, dotted=left[0].kind == "word")
        if len(right) > 1 or right[0].kind not in ("word", "literal"):
            wrong = right[1 if right[0].kind in ("word", "literal") else 0]
            self.fail("only a domain may follow the @; is a comma missing?", wrong.position)
        domain = right[0].text
        try:
            encoded = ascii_domain(domain)
        except DomainError as error:
            self.fail(f'the domain "{domain}" {error}', right[0].position)
        address = Address("", local, domain)
        if len(_quoted_local(local).encode()) + 1 + len(encoded) > MAX_ADDRESS:
            self.fail(f"the address is longer than {MAX_ADDRESS} characters", start)
        return address

    def _check_local(self, local: str, position: int, *, dotted: bool) -> None:
        if dotted and (local.startswith(".") or local.endswith(".") or ".." in local):
            self.fail("the part before the @ has a dot too many (or needs quotation marks)", position)
        if len(_quoted_local(local).encode("utf-8", "replace")) > MAX_LOCAL_PART:
            self.fail(f"the part before the @ is longer than {MAX_LOCAL_PART} characters", position)
        for offset, char in enumerate(local):
            if not char.isprintable() or safe_line(char) != char:
                shown = f"U+{ord(char):04X}"
                self.fail(f"there is an invisible character ({shown}) before the @", position + offset)

    def _check_name(self, name: str, position: int) -> None:
        for char in name:
            if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}:
                self.fail(f"there is a control character (U+{ord(char):04X}) in the name", position)


def _is_blank(token: Token) -> bool:
    return token.kind == "word" and not token.text.strip(EDGES)


def _trimmed(tokens: list[Token]) -> list[Token]:
    """``tokens`` of an address without what is white space to people at either end of it."""
    first, last = 0, len(tokens)
    while first < last and _is_blank(tokens[first]):
        first += 1
    while last > first and _is_blank(tokens[last - 1]):
        last -= 1
    kept = tokens[first:last]
    if kept and kept[0].kind == "word":
        token = kept[0]
        bare = token.text.lstrip(EDGES)
        kept[0] = replace(token, text=bare, position=token.position + len(token.text) - len(bare))
    if kept and kept[-1].kind == "word":
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip(EDGES))
    return kept


def _is(token: Token, special: str) -> bool:
    return token.kind == "special" and token.text == special


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted_local(local: str) -> str:
    plain = local and not local.startswith(".") and not local.endswith(".") and ".." not in local
    if plain and not (_SPECIALS - {"."}) & set(local) and " " not in local:
        return local
    return _quoted(local)
