"""Letters in HTML: a newsletter whose plain text says nothing, a shop's, one without plain text, an inline picture."""

from __future__ import annotations

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.files import wheel_png
from tuimail.demo.letters.message import NEW, SampleMessage
from tuimail.demo.letters.parts import file_part, html_part, multipart, text_part

_LECTURES = """\
<html><head><style>body { font-family: serif } .d { color: #888 }</style></head><body>
<div style="display:none">Candles, magnets and a voltaic surprise &#847; &#847; &#847;</div>
<img src="https://royal.example/logo.png" width="120" alt="Royal Institution">
<h1>Friday Evening Discourses</h1>
<p>Dear Member,</p>
<p>our season opens with <b>light</b>. Three evenings, one candle.</p>
<table><tr><th>Date</th><th>Speaker</th><th>Subject</th></tr>
<tr><td class="d">Friday</td><td>M. Faraday</td>
<td><a href="https://royal.example/candle">The chemical history of a candle</a></td></tr>
<tr><td class="d">A week later</td><td>C. Wheatstone</td>
<td><a href="https://royal.example/telegraph">Messages by wire</a></td></tr>
<tr><td class="d">In a fortnight</td><td>M. Somerville</td>
<td><a href="https://royal.example/spectrum">The colours nobody sees</a></td></tr>
</table>
<ul><li>Doors open at eight</li><li>No watches near the <a href="https://royal.example/magnet">magnet</a></li></ul>
<p><a href="https://royal.example/book?member=1815">Book a seat</a></p>
<p style="font-size:8px">You receive this as a member. <a href="https://royal.example/leave">Leave this list</a>
<img src="https://track.royal.example/open.gif?id=1815" width="1" height="1"></p>
</body></html>"""

_CARDS = """\
<body bgcolor="#fff"><center><h2>Half price on punched cards!</h2></center>
<p>Dear Lady Lovelace, these are <i>still in your basket</i>:</p>
<ol><li>1,000 cards, oiled &mdash; <s>£2 4s</s> <b>£1 2s</b></li><li>1 card punch, ivory handle</li></ol>
<p><a href="https://acme.example/basket">Complete your order</a> before Sunday. Bundled with every order: a
<a href="https://acme.example/ribbon">silk ribbon</a> to keep the cards in order on the stairs.</p>
<blockquote>"I dropped them and nothing happened." &mdash; a gentleman in Lyon</blockquote>
<p><small>This address does not read answers. <a href="https://acme.example/unsubscribe?u=1815">Unsubscribe</a></small></p>
</body>"""

_QUARTERLY = """\
<div><p>The <b>Analytical Quarterly</b>, no. 4</p>
<h3>In this number</h3>
<p><a href="https://society.example/4/notes">Notes by the Translator</a>: A. A. L. adds three times what was there.</p>
<p><a href="https://society.example/4/organ">On Street Nuisances</a>: one hundred and sixty-five
of them, by Mr Babbage.</p>
<p><a href="https://society.example/4/rain">Rain in Petersburg</a>: P. Chebyshev approximates.</p>
<hr><p>Answers to: <a href="mailto:news@society.example">news@society.example</a></p></div>"""

_PICTURE = """\
<html><body><p>Dear Ada,</p><p>here it is, and it <em>turns</em>:</p>
<p><img src="cid:wheel@engines.example" alt="The forty-one teeth"></p><p>Yours, Charles</p></body></html>"""

_LEAVE = (
    ("List-Unsubscribe", "<https://royal.example/leave?member=1815>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("List-Id", "Lectures <lectures.royal.example>"),
)


def _empty_plain(_text: str, _now: float) -> bytes:
    excuse = "Your mail client does not support HTML. Please view this message in your browser."
    return multipart("alternative", text_part(excuse), html_part(_LECTURES))


def _shop(text: str, _now: float) -> bytes:
    return multipart("alternative", text_part(text), html_part(_CARDS))


def _html_alone(_text: str, _now: float) -> bytes:
    return html_part(_QUARTERLY)


def _inline(text: str, _now: float) -> bytes:
    picture = file_part(
        "image/png", wheel_png(), 'inline; filename="wheel.png"', extra="Content-ID: <wheel@engines.example>\n"
    )
    related = multipart("related", html_part(_PICTURE), picture, parameters='; type="text/html"')
    return multipart("alternative", text_part(text), related)


NEWSLETTERS = (
    SampleMessage(
        "lectures", "institution", 1.5 * DAY, "Friday Evening Discourses: the season opens", headers=_LEAVE, flags="",
        body=_empty_plain,
    ),
    SampleMessage(
        "cards-offer", "acme", 7 * HOUR, "🎉 Half price: the cards in your basket",
        "Half price on punched cards!\n\nComplete your order: https://acme.example/basket",
        headers=(("List-Unsubscribe", "<https://acme.example/unsubscribe?u=1815>"),), flags=NEW, body=_shop,
    ),
    SampleMessage(
        "quarterly", "society", 13 * DAY, "Analytical Quarterly, no. 4", folder="Archive", body=_html_alone,
    ),
    SampleMessage(
        "wheel-picture", "charles", 1.95 * DAY, "It turns",
        "Dear Ada,\n\nhere it is, and it turns.\n\n[The forty-one teeth]",
        flags="FS", body=_inline,
    ),
)  # fmt: skip
