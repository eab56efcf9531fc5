"""XML from strangers: what is read, and what is refused before it costs anything."""

from __future__ import annotations

import pytest

from tuimail.accounts.discovery import xml_tree
from tuimail.accounts.discovery.values import DiscoveryError
from tuimail.accounts.discovery.xml_tree import parse_xml


def test_a_tree_with_its_texts() -> None:
    root = parse_xml(
        b'<?xml version="1.0"?><a x="1">\n <!-- no --><p:b>  one <i/>two </p:b><b><![CDATA[<3>]]>&amp;</b></a>'
    )
    assert (root.name, root.attributes) == ("a", {"x": "1"})
    assert [each.text for each in root.all("b")] == ["one two", "<3>&"]
    assert root.text_of("b") == "one two"
    assert root.text_of("absent") == ""
    assert root.first("absent") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><a>Grüße</a>'
    assert parse_xml(text.encode(encoding)).text == "Grüße"


LAUGHS = '<!DOCTYPE a [<!ENTITY l "lol">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1 or str()};" * 10}">' for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        (f"{LAUGHS}]><a>&l9;</a>".encode(), "document type"),
        (b'<!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd"><a/>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "document type"),
        (b"<!DOCTYPE html><a/>", "document type"),
        (b"<a>&unknown;</a>", "well-formed"),
        (b"<a>" * (xml_tree.DEEPEST + 1), "levels"),
        (b"<a>" * 80_000, "levels"),
        (b"<a>" + b"<b/>" * xml_tree.MOST_ELEMENTS + b"</a>", "elements"),
        (b"<a " + b" ".join(b'x%d="1"' % n for n in range(xml_tree.MOST_ATTRIBUTES + 1)) + b"/>", "attributes"),
        (b"<a>" + b"x" * (xml_tree.LONGEST_TEXT + 1) + b"</a>", "texts"),
        (b"<a>" + b" " * 100_000 + b"</a>", "texts"),
        (b'<a x="' + b"x" * (xml_tree.LONGEST_TEXT + 1) + b'"/>', "texts"),
        (b"<a>" + b" " * xml_tree.MOST_BYTES + b"</a>", "256 KiB"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "well-formed"),
        (b'<?xml version="1.0" encoding="no-such-thing"?><a/>', "well-formed"),
        (b'<?xml version="1.0" encoding="rot13"?><a/>', "well-formed"),
        (b"<a><b></a>", "well-formed"),
        (b"<a>\xff\xfe</a>", "well-formed"),
        (b"<a>\x00</a>", "well-formed"),
        (b"not XML", "well-formed"),
        (b"", "well-formed"),
    ],
)
def test_what_is_refused(hostile: bytes, reason: str) -> None:
    with pytest.raises(DiscoveryError, match=reason):
        parse_xml(hostile)
