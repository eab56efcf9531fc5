"""Letters from everywhere: wide and right-to-left scripts, emoji, and charsets from before Unicode."""

from __future__ import annotations

from functools import partial

from tuimail.clock import DAY, HOUR
from tuimail.demo.letters.message import SampleMessage
from tuimail.demo.letters.parts import plain_in


def _in(charset: str, encoding: str, text: str, _now: float) -> bytes:
    return plain_in(charset, encoding, text)


SCRIPTS = (
    SampleMessage(
        "wasan", "seki", 5.2 * DAY, "ベルヌーイ数について",
        "エイダ様\n\nご著書の注釈Gを拝読しました。この数の列は私どもの和算でも知られております。\n"
        "機械が歯車で計算すると聞き、そろばんを持つ手が止まりました。\n\n関 孝和",
        body=partial(_in, "iso-2022-jp", "7bit"), flags="FS",
    ),
    SampleMessage(
        "algebra", "shanlan", 4.3 * DAY, "代數學譯稿",
        "洛夫萊斯夫人：\n\n棣麼甘先生的《代數學》已譯成中文。「函數」一詞是我造的，不知尊意如何？\n\n"
        "附言：机器若能按卡片运算，也能按卡片作曲吗？\n\n李善蘭",
        body=partial(_in, "gb18030", "base64"), flags="",
    ),
    SampleMessage(
        "sphere", "daeyong", 16 * DAY, "혼천의에 관하여",
        "에이다 님께\n\n저희 집 마당에 혼천의를 세웠습니다. 톱니바퀴로 하늘을 돌리는 기계입니다.\n"
        "그대의 기계는 무엇을 돌립니까?\n\n홍대용 드림",
        folder="Archive",
    ),
    SampleMessage(
        "slonimski", "hayim", 6.7 * DAY, "מכונת חשבון חדשה",
        "לכבוד הגברת לאבלייס,\n\nבניתי מכונה קטנה לכפל, והיא מונחת כאן על השולחן (Babbage ודאי יחייך).\n"
        "המספר 142857 הוא הגיבור שלה.\n\nבברכה,\nחיים זליג",
        flags="S",
    ),
    SampleMessage(
        "tongues", "rifaa", 7.6 * DAY, "ترجمة مذكراتكم إلى العربية",
        "السيدة المحترمة آدا،\n\nنترجم ملاحظاتكم في مدرسة الألسن. كلمة «الخوارزمية» تعود إلى بيتها بعد ألف عام!\n\n"
        "هل نكتب Note G أم الملاحظة ز؟\n\nمع أطيب التحيات",
        flags="RS",
    ),
    SampleMessage(
        "cranks", "pafnuty", 9.5 * DAY, "Об арифмометре",
        "Уважаемая графиня!\n\nМой арифмометр наконец переносит десятки непрерывно. Скачки вредны и колёсам, и"
        " нервам.\n\n"
        "Ваш П. Чебышёв",
        body=partial(_in, "koi8-r", "8bit"),
    ),
    SampleMessage(
        "tribunal", "evariste", 7.1 * DAY, "Théorie des équations : je n'ai pas le temps",
        "Chère Madame,\n\nvoilà mes résultats sur les équations résolubles par radicaux. Il manque une démonstration"
        " à achever ;"
        " je n'ai pas le temps.\n\nGardez ma mémoire, puisque le sort ne me donne pas assez de vie.\n\nÉvariste",
        body=partial(_in, "iso-8859-1", "8bit"), flags="F",
    ),
    SampleMessage(
        "ascending", "gauss", 10.8 * DAY, "Größte Hochachtung",
        "Gnädigste Gräfin,\n\nIhre Anmerkungen sind vortrefflich. Das meiste davon lag schon in meiner Schublade,"
        " aber nicht so"
        " schön geordnet.\n\nMit größter Hochachtung\nGauß",
        body=partial(_in, "iso-8859-15", "8bit"),
    ),
    SampleMessage(
        "concertina", "wheatstone", 8 * HOUR, "🎶 Telegraph news 📡",
        "It works! 👩🏽‍💻 ⟶ 🛤️ ⟶ 👨‍👩‍👧‍👦\n\nSix needles, five wires, one very surprised clerk at Slough. 🎉🎉\n\n"
        "Flags for the opening: 🇬🇧 🇮🇹 🇫🇷. Thumbs: 👍🏻 👍🏿. Hearts: ❤️ 💛.",
        flags="",
    ),
)  # fmt: skip
