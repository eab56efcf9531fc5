"""Mail merge: makes a letter from a draft for each row of a table. Pure.

All problems in all rows are found before the first letter is made.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tuimail.compose.build import build
from tuimail.compose.template import Template, key, parse
from tuimail.errors import MessageError
from tuimail.mail.address import parse_addresses, quoted_phrase
from tuimail.mail.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tuimail.compose.csv_table import CsvRow, CsvTable
    from tuimail.compose.draft import Draft
    from tuimail.config.model import Identity

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

MARK = "merge-"
"""Prefix of the draft ids of merged letters."""


@dataclass(frozen=True, slots=True)
class MergeProblem:
    """A problem in a row."""

    row: int
    column: str
    """As written in the table; empty if it is about the row as a whole."""
    message: str

    def __str__(self) -> str:
        where = f"row {self.row}, {safe_line(self.column)}" if self.column else f"row {self.row}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Merge:
    """A draft with placeholders."""

    draft: Draft
    """The common parts of all letters: account, identity, attachments."""
    subject: Template
    body: Template
    addresses: dict[str, tuple[Template, ...]]
    """To, Cc, Bcc; each template gives one address."""
    attached: tuple[str, ...] = ()
    """A digest of each attached file, which is part of the letters' ids."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all placeholders."""
        everywhere = [self.subject, self.body, *(each for some in self.addresses.values() for each in some)]
        return frozenset[str]().union(*(each.names for each in everywhere))

    def letter(self, row: CsvRow) -> Draft:
        """The letter for ``row``; its id is the same whenever the same letter is made.

        Raises:
            MessageError: an address is invalid, or there is not exactly one.
        """
        filled = {
            field: ", ".join(_address(each, row.values, field) for each in some)
            for field, some in self.addresses.items()
        }
        draft = replace(
            self.draft,
            to=filled.get("to", ""),
            cc=filled.get("cc", ""),
            bcc=filled.get("bcc", ""),
            subject=self.subject.fill(row.values, shape=_one_line),
            body=self.body.fill(row.values),
        )
        said = [draft.account, draft.identity, draft.to, draft.cc, draft.bcc, draft.subject, draft.body]
        files = [[each.name, each.content_type, each.description] for each in draft.attachments]
        whole = json.dumps([said, files, self.attached]).encode()
        return replace(draft, id=MARK + hashlib.sha256(whole).hexdigest()[:40])

    def faults(self, sheet: CsvTable, identity: Identity) -> Iterator[MergeProblem]:
        """All problems in the order of the rows; rows without a problem are valid."""
        asked = self.names
        first: dict[str, int] = {}
        for row in sheet.rows:
            found = [
                MergeProblem(row.number, sheet.columns[name], "the text contains a control character")
                for name in sheet.columns
                if name in asked and _CONTROL.search(row.values[name])
            ]
            if row.surplus:
                found.append(MergeProblem(row.number, "", "there are more cells than columns"))
            if not found:
                found += self._letter_faults(row, sheet, identity, first)
            yield from found

    def _letter_faults(
        self, row: CsvRow, sheet: CsvTable, identity: Identity, first: dict[str, int]
    ) -> Iterator[MergeProblem]:
        for field, some in self.addresses.items():
            for each in some:
                column = ", ".join(sheet.columns[name] for name in sheet.columns if name in each.names)
                try:
                    found = parse_addresses(_address(each, row.values, field), field=field)
                except MessageError as error:
                    yield MergeProblem(row.number, column, _lowered(str(error)))
                    return
                for address in found if field == "to" and each.names else ():
                    # Two spellings of an address are the same recipient.
                    earlier = first.setdefault(address.key.casefold(), row.number)
                    if earlier != row.number:
                        words = f"{safe_line(address.addr_spec)} stands in row {earlier} already"
                        yield MergeProblem(row.number, column, words)
                        return
        try:
            build(replace(self.letter(row), attachments=()), identity, self.draft.account, now=0.0)
        except MessageError as error:
            yield MergeProblem(row.number, "", _lowered(str(error)))


def plan(
    draft: Draft, addresses: Mapping[str, Sequence[str]], sheet: CsvTable, *, file: str, attached: Sequence[str] = ()
) -> Merge:
    """``draft`` as a merge over ``sheet``; ``addresses`` are the texts of To, Cc and Bcc, one address each.

    Raises:
        MessageError: a field is not closed, or there is no such column.
    """
    merge = Merge(
        draft,
        parse(draft.subject, "subject"),
        parse(draft.body, "text"),
        {field: tuple(parse(each, field) for each in some) for field, some in addresses.items() if some},
        tuple(attached),
    )
    for name in sorted(merge.names):
        column_of(sheet, name, file=file)
    if not any(each.names for each in merge.addresses.get("to", ())):
        raise MessageError(
            "All letters would go to the same address.", hint="Name a column: --to-field email", field="to"
        )
    return merge


def column_of(sheet: CsvTable, name: str, *, file: str) -> str:
    """The key of the column ``name``. Raises MessageError if there is none."""
    if key(name) in sheet.twice:
        raise MessageError(
            f'{safe_line(file)} has two columns "{safe_line(sheet.columns[key(name)])}".',
            hint="Rename one of them.",
            field="merge",
        )
    if key(name) in sheet.columns:
        return key(name)
    from tuimail.config.reading import nearest_to

    nearest = nearest_to(key(name), sheet.columns)
    meant = f" Did you mean {{{sheet.columns[nearest]}}}?" if nearest else ""
    raise MessageError(
        f"{safe_line(file)} has no column {{{safe_line(name)}}}.{safe_line(meant)}",
        hint=f"It has: {safe_line(', '.join(sheet.columns.values()))}.",
        field="merge",
    )


def _address(template: Template, values: Mapping[str, str], field: str) -> str:
    """One address. Raises MessageError if it is invalid, empty, or several."""
    text = template.fill(values, shape=_quoted).strip()
    if template.names and not any(values[name] for name in template.names) and "@" not in text:
        raise MessageError("The address is empty.", field=field)
    found = parse_addresses(text, field=field)
    if len(found) != 1 and template.names:
        said = "The address is empty." if not found else f"There are {len(found)} addresses instead of one."
        raise MessageError(said, field=field)
    return text


def _quoted(value: str) -> str:
    """Quote a name if necessary; text that may be an address is not changed."""
    line = _one_line(value)
    return line if "@" in line or not line else quoted_phrase(line)


def _one_line(value: str) -> str:
    """A cell of several lines as one line."""
    return " ".join(value.split("\n"))


def _lowered(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")
