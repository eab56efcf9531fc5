"""Who writes in the demo's mailboxes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone


@dataclass(frozen=True, slots=True)
class Person:
    """A correspondent: how the name stands in From, and what ends each letter."""

    name: str
    address: str
    zone: int = 0
    """Hours east of Greenwich."""
    signature: str = ""

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.address.rpartition("@")[2]

    @property
    def tz(self) -> timezone:
        """The zone of the Date field."""
        return timezone(timedelta(hours=self.zone))


PEOPLE = {
    "ada": Person("Ada Lovelace", "ada@analytical.example", 0, "Ada Lovelace\nAnalytical Society"),
    "ada-home": Person("Ada", "ada@lovelace.example"),
    "charles": Person(
        "Charles Babbage", "charles@engines.example", 0, "Ch. Babbage, 1 Dorset Street\nNo organ grinders, please."
    ),
    "clement": Person("Joseph Clement", "clement@lathes.example", 0, "J. Clement, Workshop, 21 Prospect Place"),
    "luigi": Person("Luigi Menabrea", "luigi@torino.example", 1, "L. F. Menabrea\nTorino"),
    "mary": Person("Mary Somerville", "mary@somerville.example"),
    "augustus": Person(
        "Augustus De Morgan", "augustus@ucl.example", 0, "Augustus De Morgan\nUniversity College, Gower St."
    ),
    "john": Person("John Herschel", "john@slough.example", 2, "J. F. W. Herschel\nFeldhausen, Cape of Good Hope"),
    "caroline": Person("Caroline Herschel", "caroline@hanover.example", 1),
    "michael": Person("Michael Faraday", "michael@royal.example", 0, "M. Faraday\nRoyal Institution"),
    "wheatstone": Person("Charles Wheatstone", "wheatstone@kings.example"),
    "press": Person("Taylor & Taylor, Printers", "press@taylor.example", 0, "R. & J. E. Taylor, Red Lion Court"),
    "annabella": Person("Annabella Milbanke", "annabella@milbanke.example"),
    "william": Person("William King", "william@lovelace.example"),
    "crosse": Person("Andrew Crosse", "crosse@fynecourt.example"),
    "florence": Person("Florence Nightingale", "florence@scutari.example", 2),
    "dickens": Person("Charles Dickens", "dickens@boz.example"),
    "kim": Person("Kim", "kim@fund.example"),
    "pat": Person("Pat", "pat@grants.example", 0, "Pat, Grants Office"),
    "evariste": Person("Évariste Galois", "evariste@bourg.example", 1),
    "sophie": Person("Sophie Germain", "sophie@academie.example", 1),
    "gauss": Person("Carl Friedrich Gauß", "gauss@goettingen.example", 1),
    "seki": Person("関 孝和", "seki@wasan.example", 9),
    "shanlan": Person("李善蘭", "lishanlan@tongwen.example", 8),
    "daeyong": Person("홍대용", "hong@honcheonui.example", 9),
    "hayim": Person("חיים זליג סלונימסקי", "hayim@hatzefirah.example", 1),
    "rifaa": Person("رفاعة الطهطاوي", "rifaa@alsun.example", 2),
    "pafnuty": Person("Пафнутий Чебышёв", "pafnuty@spb.example", 3),
    "board": Person("Board", "board@list.example"),
    "engines-list": Person("", "engines@lists.example"),
    "society": Person("Analytical Society", "news@society.example"),
    "institution": Person("Royal Institution", "lectures@royal.example"),
    "acme": Person("Acme Punched Cards", "no-reply@acme.example"),
    "billing": Person("Acme Billing", "billing@acme.example"),
    "daemon": Person("Mail Delivery System", "mailer-daemon@demo.example"),
    "coach": Person("Great Western Railway", "tickets@gwr.example"),
}
"""By the short names that the tables use."""
