"""Domains that may be taken for others are shown by their A-labels."""

from __future__ import annotations

import pytest

from tuimail.mail.confusables import plain_form


@pytest.mark.parametrize(
    "domain",
    [
        "example.org",
        "bücher.example",
        "пример.рф",
        "почта.example",
        "例え.jp",
        "ドメイン名例.jp",
        "sony日本.jp",
        "한국.kr",
        "παράδειγμα.gr",
        "בדיקה.il",
        "xn--bcher-kva.example",
        "[192.0.2.1]",
        "",
        "日本語abc.jp",
    ],
)
def test_a_domain_in_one_writing_system_stands_alone(domain: str) -> None:
    assert plain_form(domain) == ""


@pytest.mark.parametrize(
    ("domain", "plain"),
    [
        ("раypal.com", "xn--ypal-43d9g.com"),
        ("www.раypal.com", "www.xn--ypal-43d9g.com"),
        ("gооgle.com", "xn--ggle-55da.com"),
        ("αpple.com", "xn--pple-zld.com"),
        ("асе.com", "xn--80ak9a.com"),
    ],
)
def test_one_that_may_be_taken_for_another_has_its_a_labels(domain: str, plain: str) -> None:
    assert plain_form(domain) == plain


def test_what_is_no_domain_has_none() -> None:
    assert plain_form("раy pal.com") == ""
    assert plain_form("раypal" * 10_000) == ""
