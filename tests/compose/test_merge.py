"""One draft over a table: fields, tables, and everything that can be wrong with a row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimail.compose.csv_table import CsvRow, CsvTable, read_csv
from tuimail.compose.draft import Draft
from tuimail.compose.merge import Merge, plan
from tuimail.compose.template import key, parse
from tuimail.config.model import Identity
from tuimail.errors import MessageError

DATA = Path(__file__).parent / "data"
ADA = Identity("ada@example.org", "Ada")
VALUES = {"name": "Bob", "city": "", "e mail": "b@x"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {name}!", "Hello Bob!"),
        ("{ NAME }", "Bob"),
        ("{city|your town}, {name|you}", "your town, Bob"),
        ("{city}", ""),
        ("{e mail}", "b@x"),
        ("{{name} }", "{name} }"),
        ("{{{name}}", "{Bob}"),
        ("a } b", "a } b"),
        ("{name|}", "Bob"),
        ("", ""),
    ],
)
def test_fields_are_filled(text: str, filled: str) -> None:
    assert parse(text, "text").fill(VALUES) == filled


@pytest.mark.parametrize("text", ["{", "{}", "{ |x}", "{name", "a\n{na\nme}", "{a{b}}", "{name!r}{"])
def test_a_brace_that_is_no_field_is_told_with_its_line(text: str) -> None:
    with pytest.raises(MessageError, match=rf"^Line {text[: text.find('{')].count(chr(10)) + 1} of the text") as told:
        parse(text, "text")
    assert told.value.hint


@pytest.mark.parametrize("text", ["{name.__class__}", "{name[0]}", "{name!r}", "{name:>9}", "{0}"])
def test_nothing_in_braces_is_code(text: str) -> None:
    assert parse(text, "text").names == {key(text[1:-1])}


@given(st.text(), st.text())
def test_text_goes_through_whatever_it_holds(text: str, value: str) -> None:
    template = parse(text.replace("{", "{{") + "{x}", "text")
    assert template.fill({"x": value}) == text + value


TABLE = st.lists(
    st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9)] * 2), min_size=1
)


@given(TABLE, st.sampled_from(",;\t"), st.booleans())
def test_what_a_spreadsheet_writes_is_read(rows: list[tuple[str, str]], delimiter: str, bom: bool) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([("Name", " email "), *rows])
    raw = file.getvalue().encode("utf-8-sig" if bom else "utf-8")
    expected = [(n, [cell.strip() for cell in row]) for n, row in enumerate(rows, 2) if any(c.strip() for c in row)]
    if not expected:
        return
    sheet = read_csv(raw, "t.csv")
    assert sheet.columns == {"name": "Name", "email": "email"}
    assert [(row.number, [*row.values.values()]) for row in sheet.rows] == expected


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no header row"),
        (b"\n\n", "no header row"),
        (b"name,email\n", "has no recipients"),
        (b"name,email\n,\n \n", "has no recipients"),
        (b"name\n\xff\n", r"not UTF-8 text \(line 2\)"),
        (b"\xff\xfen", "not UTF-8"),
        ("name\nx\n".encode("utf-16-le"), "is not a text file"),
        (b"sep=;\r\n", "no header row"),
        (b"caf\xe9,email\n", r"not UTF-8 text \(line 1\)"),
        (b"name\n\0\n", "is not a text file"),
        (b'name,email\na,"b\n', "Row 2 of t.csv cannot be read"),
        (b'name,email\n"a"b,c\n', "Row 2 of t.csv cannot be read"),
    ],
)
def test_what_is_no_table_is_told(raw: bytes, words: str) -> None:
    with pytest.raises(MessageError, match=words) as told:
        read_csv(raw, "t.csv")
    assert told.value.hint


PEOPLE = [{"name": "Doe, Jane", "email": "jane@x"}, {"name": 'Bob "B" Hay', "email": "bob@x"}]


@pytest.mark.parametrize(
    "table",
    [
        'name,email\r\n"Doe, Jane",jane@x\r\n"Bob ""B"" Hay",bob@x\r\n',
        'name;email\r"Doe, Jane";jane@x\r"Bob ""B"" Hay";bob@x',
        'name\temail\nDoe, Jane\tjane@x\n"Bob ""B"" Hay"\tbob@x\n',
        'name|email\nDoe, Jane|jane@x\nBob "B" Hay|bob@x\n',
        'sep=;\r\nname;email;Notes, a, b\r\nDoe, Jane;jane@x\r\nBob "B" Hay;bob@x\r\n',
        'SEP=\t\nname\temail\nDoe, Jane\tjane@x\nBob "B" Hay\tbob@x\n',
        '"name", "email"\n"Doe, Jane", "jane@x"\n"Bob ""B"" Hay", "bob@x"\n',
        '\r\n,,,\r\nname,email,,\r\n"Doe, Jane",jane@x,,\r\n"Bob ""B"" Hay",bob@x\r\n,,,\r\n,,,\r\n',
        ',\u00a0Name\u200b,EMAIL\n0,"Doe, Jane",jane@x\n1,"Bob ""B"" Hay",bob@x\n',
        'name,email,"Notes;\n;;;;"\n"Doe, Jane",jane@x,"a;b"\n"Bob ""B"" Hay",bob@x,\n',
        'email;5" disk, or none;name\njane@x;;Doe, Jane\nbob@x;;"Bob ""B"" Hay"\n',
        'name,email\n"=""Doe, Jane""",="jane@x"\n"Bob ""B"" Hay",bob@x\n',
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16"])
def test_real_tables_are_read(table: str, charset: str) -> None:
    sheet = read_csv(table.encode(charset), "t.csv")
    assert [{"name": row.values["name"], "email": row.values["email"]} for row in sheet.rows] == PEOPLE
    assert not any(row.surplus for row in sheet.rows)


def test_a_comma_in_a_heading_is_no_delimiter() -> None:
    sheet = read_csv((DATA / "c09c-comma-in-heading.csv").read_bytes(), "t.csv")
    assert sheet.columns == {"last, first": "Last, First", "email": "email"}
    assert [row.values for row in sheet.rows] == [{"last, first": "Doe, Jane", "email": "jane@example.net"}]


def test_a_cell_of_two_lines_is_text() -> None:
    sheet = read_csv((DATA / "c09b-cell-of-two-lines.csv").read_bytes(), "t.csv")
    draft = Draft(account="work", identity="ada@example.org", subject="To {address}", body="{address}\n", verbatim=True)
    merge = plan(draft, {"to": ["{address} <{email}>"]}, sheet, file="t.csv")
    assert not [*merge.faults(sheet, ADA)]
    letter = merge.letter(sheet.rows[0])
    assert letter.body == "1 High Street\nOldtown\n"
    assert letter.subject == "To 1 High Street Oldtown"
    assert letter.to == "1 High Street Oldtown <ann@example.net>"
    other = read_csv(b'email,address\nann@x,"1 High Street\x0bOldtown\tEU"\n', "t.csv")
    assert other.rows[0].values["address"] == "1 High Street\nOldtown\tEU"


def test_a_heading_in_lines_is_named_in_one() -> None:
    sheet = read_csv(b'"Last\r\n name",email\nDoe,a@x\n', "t.csv")
    assert sheet.columns == {"last name": "Last name", "email": "email"}
    assert parse("{ Last  Name }", "text").names == {"last name"}


def test_two_columns_of_one_name_hurt_only_who_asks_for_them() -> None:
    table = "name,email,Notes,notes,,\nBob,b@x,1,2,3,4\n"
    assert faults(table) == []
    with pytest.raises(MessageError, match=r'^t\.csv has two columns "Notes"\.$') as told:
        merged(table, body="{notes}")
    assert told.value.hint == "Rename one of them."


def merged(
    table: str, *, to: str = "{email}", subject: str = "Hello {name}", body: str = "b"
) -> tuple[Merge, CsvTable]:
    sheet = read_csv(table.encode(), "t.csv")
    draft = Draft(account="work", identity="ada@example.org", subject=subject, body=body)
    return plan(draft, {"to": [to], "cc": [], "bcc": []}, sheet, file="t.csv"), sheet


def faults(table: str, **parts: str) -> list[str]:
    merge, sheet = merged(table, **parts)
    return [str(fault) for fault in merge.faults(sheet, ADA)]


def test_each_row_is_a_letter_of_its_own() -> None:
    merge, sheet = merged('name,email\nBob,b@x.example\n"Lovelace, Ada",a@x.example\n', to="{name} <{email}>")
    assert not [*merge.faults(sheet, ADA)]
    letters = [merge.letter(row) for row in sheet.rows]
    assert [each.to for each in letters] == ["Bob <b@x.example>", '"Lovelace, Ada" <a@x.example>']
    assert [each.subject for each in letters] == ["Hello Bob", "Hello Lovelace, Ada"]
    assert len({each.id for each in letters}) == 2
    assert letters == [merge.letter(row) for row in sheet.rows], "the same merge makes the same ids"
    other, _ = merged("name,email\nBob,b@x.example\n", to="{name} <{email}>", body="another")
    assert other.letter(CsvRow(2, {"name": "Bob", "email": "b@x.example"})).id != letters[0].id


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("name,email\nBob,\n", ["row 2, email: the address is empty"]),
        ("name,email\nBob,b@x,extra\n", ["row 2: there are more cells than columns"]),
        ('name,email\nBob,"a@x, b@x"\n', ["row 2, email: there are 2 addresses instead of one"]),
        ('name,email\n"B\nob",b@x\n', []),
        ('name,email\n"B\x1bob",b@x\n', ["row 2, name: the text contains a control character"]),
        ("name,email\nBob,b@x\n\nBob,B@X\n", ["row 4, email: B@X stands in row 2 already"]),
        ('name,email,notes\nBob,b@x,"fine,\nnot used"\n', []),
    ],
)
def test_faults_are_told_with_row_and_column(table: str, told: list[str]) -> None:
    assert faults(table) == told


def test_a_bad_address_is_told_with_its_row_and_column() -> None:
    (fault,) = faults("name,email\nBob,b@x\nKim,no address\n")
    assert fault.startswith("row 3, email: ")


def test_a_field_without_a_column_is_told_with_the_nearest() -> None:
    with pytest.raises(MessageError, match=r"no column {nmae}\. Did you mean {Name}\?") as told:
        merged("Name,email\na,b@x\n", body="{nmae}")
    assert told.value.hint == "It has: Name, email."


def test_letters_that_would_all_go_to_one_address_are_refused() -> None:
    with pytest.raises(MessageError, match="same address"):
        merged("name,email\na,b@x\n", to="ada@example.org")
