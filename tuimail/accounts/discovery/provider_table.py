"""The big providers: their servers and what is peculiar about them. Facts, one row a provider."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuimail.accounts.discovery.user_name import LOCAL, WHOLE
from tuimail.accounts.discovery.values import OAuthOffer, Peculiarities, SignInKind
from tuimail.config.model import Security

_PASSWORD = (SignInKind.PASSWORD,)
_APP = (SignInKind.APP_PASSWORD,)
_APP_OR_OAUTH = (SignInKind.APP_PASSWORD, SignInKind.OAUTH2)
_OAUTH = (SignInKind.OAUTH2,)


@dataclass(frozen=True, slots=True)
class ProviderServer:
    """A server of a provider; ``username`` is a template."""

    host: str
    port: int
    security: Security = Security.TLS
    username: str = WHOLE


@dataclass(frozen=True, slots=True)
class MailProvider:
    """A row of the table."""

    name: str
    imap: ProviderServer
    submission: ProviderServer
    domains: tuple[str, ...] = ()
    """Of its addresses, in lower case."""
    mx: tuple[str, ...] = ()
    """Its MX hosts are these or below them."""
    sign_in: tuple[SignInKind, ...] = _PASSWORD
    oauth: OAuthOffer | None = None
    peculiarities: Peculiarities = field(default_factory=Peculiarities)


def _imap(host: str, username: str = WHOLE) -> ProviderServer:
    return ProviderServer(host, 993, username=username)


def _smtps(host: str, username: str = WHOLE) -> ProviderServer:
    return ProviderServer(host, 465, username=username)


def _starttls(host: str, username: str = WHOLE) -> ProviderServer:
    return ProviderServer(host, 587, Security.STARTTLS, username)


def _names(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_MICROSOFT_OAUTH = OAuthOffer(
    "login.microsoftonline.com",
    (
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ),
)
_OWN_CLIENT = "Signing in by OAuth 2 takes a client id that you register yourself."
_ENABLE_IMAP = "IMAP has to be switched on once in the settings of the mailbox on the web."


def _zoho(ending: str) -> tuple[MailProvider, MailProvider]:
    """One data centre: its own addresses, and those of organisations with a domain of their own."""
    peculiarities = Peculiarities(
        app_password_page=f"https://accounts.zoho.{ending}/home#security/app_password",
        help_page="https://www.zoho.com/mail/help/imap-access.html",
        notes=(_ENABLE_IMAP, "With two-factor authentication it takes an app password."),
    )
    kinds = (SignInKind.PASSWORD, SignInKind.APP_PASSWORD)
    return (
        MailProvider(
            f"Zoho Mail ({ending})",
            _imap(f"imap.zoho.{ending}"),
            _smtps(f"smtp.zoho.{ending}"),
            domains=(f"zoho.{ending}", f"zohomail.{ending}"),
            sign_in=kinds,
            peculiarities=peculiarities,
        ),
        MailProvider(
            f"Zoho Mail for organisations ({ending})",
            _imap(f"imappro.zoho.{ending}"),
            _smtps(f"smtppro.zoho.{ending}"),
            mx=(f"zoho.{ending}",),
            sign_in=kinds,
            peculiarities=peculiarities,
        ),
    )


_SEVERAL = (
    MailProvider(
        "Gmail",
        _imap("imap.gmail.com"),
        _smtps("smtp.gmail.com"),
        domains=("gmail.com", "googlemail.com"),
        mx=("google.com", "googlemail.com"),
        sign_in=_APP_OR_OAUTH,
        oauth=OAuthOffer("accounts.google.com", ("https://mail.google.com/",)),
        peculiarities=Peculiarities(
            server_files_sent=True,
            app_password_page="https://myaccount.google.com/apppasswords",
            help_page="https://support.google.com/mail/answer/7126229",
            notes=("An app password needs 2-Step Verification to be on.", _OWN_CLIENT),
        ),
    ),
    MailProvider(
        "Outlook.com",
        _imap("outlook.office365.com"),
        _starttls("smtp-mail.outlook.com"),
        domains=_names(
            "outlook.com hotmail.com live.com msn.com windowslive.com outlook.at outlook.be outlook.cz outlook.de"
            " outlook.dk outlook.es outlook.fr outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr"
            " outlook.pt outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr hotmail.be hotmail.ca hotmail.ch"
            " hotmail.co.jp hotmail.co.uk hotmail.de hotmail.dk hotmail.es hotmail.fi hotmail.fr hotmail.gr hotmail.it"
            " hotmail.nl hotmail.no hotmail.se hotmail.com.br live.at live.be live.ca live.cn live.co.uk live.de"
            " live.dk live.fi live.fr live.ie live.in live.it live.jp live.nl live.no live.ru live.se live.com.au"
            " live.com.mx live.com.pt livemail.tw"
        ),
        mx=("olc.protection.outlook.com",),
        sign_in=_OAUTH,
        oauth=_MICROSOFT_OAUTH,
        peculiarities=Peculiarities(
            server_files_sent=True,
            help_page="https://support.office.com/article/"
            "pop-imap-and-smtp-settings-for-outlook-com-d088b986-291d-42b8-9564-9c414e2aa040",
            notes=("Passwords are not accepted, only OAuth 2.", _OWN_CLIENT),
        ),
    ),
    MailProvider(
        "Microsoft 365",
        _imap("outlook.office365.com"),
        _starttls("smtp.office365.com"),
        mx=("mail.protection.outlook.com", "mx.microsoft"),
        sign_in=_OAUTH,
        oauth=_MICROSOFT_OAUTH,
        peculiarities=Peculiarities(
            server_files_sent=True,
            notes=(
                _OWN_CLIENT,
                "Your organisation may have to allow it, and may have switched off submission (SMTP AUTH).",
            ),
        ),
    ),
    MailProvider(
        "iCloud Mail",
        _imap("imap.mail.me.com", LOCAL),
        _starttls("smtp.mail.me.com"),
        domains=("icloud.com", "me.com", "mac.com"),
        mx=("mail.icloud.com",),
        sign_in=_APP,
        peculiarities=Peculiarities(
            app_password_page="https://account.apple.com/",
            help_page="https://support.apple.com/HT202304",
            notes=("With a domain of your own, the user name is the one of your iCloud address.",),
        ),
    ),
    MailProvider(
        "Yahoo Mail",
        _imap("imap.mail.yahoo.com"),
        _smtps("smtp.mail.yahoo.com"),
        domains=_names(
            "yahoo.com yahoo.ca yahoo.de yahoo.it yahoo.fr yahoo.es yahoo.se yahoo.co.in yahoo.co.uk yahoo.co.nz"
            " yahoo.com.au yahoo.com.ar yahoo.com.br yahoo.com.mx ymail.com myyahoo.com rocketmail.com"
        ),
        mx=("am0.yahoodns.net", "biz.mail.yahoo.com"),
        sign_in=_APP_OR_OAUTH,
        oauth=OAuthOffer("login.yahoo.com", ("mail-w",)),
        peculiarities=Peculiarities(
            app_password_page="https://login.yahoo.com/account/security",
            help_page="https://help.yahoo.com/kb/new-mail-for-desktop/imap-server-settings-yahoo-mail-sln4075.html",
        ),
    ),
    MailProvider(
        "AOL Mail",
        _imap("imap.aol.com"),
        _smtps("smtp.aol.com"),
        domains=_names(
            "aol.com aim.com netscape.net netscape.com compuserve.com cs.com wmconnect.com aol.de aol.it aol.fr aol.es"
            " aol.se aol.co.uk aol.co.nz aol.com.au aol.com.ar aol.com.br aol.com.mx"
        ),
        mx=("mail.gm0.yahoodns.net",),
        sign_in=_APP_OR_OAUTH,
        oauth=OAuthOffer("login.aol.com", ("mail-w",)),
        peculiarities=Peculiarities(app_password_page="https://login.aol.com/account/security"),
    ),
    MailProvider(
        "Fastmail",
        _imap("imap.fastmail.com"),
        _smtps("smtp.fastmail.com"),
        domains=("fastmail.com", "fastmail.fm", "messagingengine.com"),
        mx=("messagingengine.com",),
        sign_in=_APP,
        peculiarities=Peculiarities(
            app_password_page="https://app.fastmail.com/settings/security",
            help_page="https://www.fastmail.com/help/technical/servernamesandports.html",
        ),
    ),
    MailProvider(
        "GMX",
        _imap("imap.gmx.net"),
        _smtps("mail.gmx.net"),
        domains=_names("gmx.net gmx.de gmx.at gmx.ch gmx.eu gmx.biz gmx.org gmx.info mein.gmx mail.gmx email.gmx"),
        mx=("gmx.net",),
        peculiarities=Peculiarities(
            help_page="https://hilfe.gmx.net/pop-imap/einschalten.html",
            notes=(_ENABLE_IMAP, "With two-factor authentication it takes an app password."),
        ),
    ),
    MailProvider(
        "GMX (international)",
        _imap("imap.gmx.com"),
        _smtps("mail.gmx.com"),
        domains=_names(
            "gmx.com gmx.tm gmx.us gmx.co.uk gmx.es gmx.fr gmx.ca gmx.cn gmx.co.in gmx.com.br gmx.com.my gmx.hk gmx.ie"
            " gmx.ph gmx.pt gmx.ru gmx.se gmx.sg gmx.tw gmx.com.tr gmx.it gmx.li"
        ),
        peculiarities=Peculiarities(notes=(_ENABLE_IMAP,)),
    ),
    MailProvider(
        "WEB.DE",
        _imap("imap.web.de", LOCAL),
        _smtps("smtp.web.de", LOCAL),
        domains=("web.de",),
        peculiarities=Peculiarities(
            help_page="https://hilfe.web.de/pop-imap/einschalten.html",
            notes=(_ENABLE_IMAP, "With two-factor authentication it takes an app password."),
        ),
    ),
    MailProvider(
        "mail.com",
        _imap("imap.mail.com"),
        _smtps("smtp.mail.com"),
        domains=_names("mail.com email.com usa.com post.com europe.com asia.com"),
        mx=("mail.com",),
        peculiarities=Peculiarities(notes=(_ENABLE_IMAP,)),
    ),
    MailProvider(
        "Proton Mail (Bridge)",
        ProviderServer("127.0.0.1", 1143, Security.STARTTLS),
        ProviderServer("127.0.0.1", 1025, Security.STARTTLS),
        domains=("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        mx=("protonmail.ch",),
        sign_in=_APP,
        peculiarities=Peculiarities(
            server_files_sent=True,
            help_page="https://proton.me/mail/bridge",
            notes=(
                "Proton Mail Bridge has to run on this computer; it shows the ports and the password to use.",
                "Bridge has a certificate of its own: export it there and name it as ca_file.",
            ),
        ),
    ),
    MailProvider(
        "Yandex Mail",
        _imap("imap.yandex.com"),
        _smtps("smtp.yandex.com"),
        domains=_names("yandex.ru yandex.com yandex.net yandex.by yandex.kz yandex.ua ya.ru narod.ru"),
        mx=("mx.yandex.net", "mx.yandex.ru"),
        sign_in=_APP_OR_OAUTH,
        oauth=OAuthOffer("oauth.yandex.com", ("mail:imap_full", "mail:smtp")),
        peculiarities=Peculiarities(
            app_password_page="https://id.yandex.com/security/app-passwords", notes=(_ENABLE_IMAP,)
        ),
    ),
    MailProvider(
        "Mail.ru",
        _imap("imap.mail.ru"),
        _smtps("smtp.mail.ru"),
        domains=_names("mail.ru inbox.ru list.ru bk.ru"),
        mx=("mail.ru",),
        sign_in=_APP_OR_OAUTH,
        oauth=OAuthOffer("o2.mail.ru", ("mail.imap",)),
        peculiarities=Peculiarities(help_page="https://help.mail.ru/mail/mailer"),
    ),
    MailProvider(
        "Posteo",
        _imap("posteo.de"),
        _smtps("posteo.de"),
        domains=_names(
            "posteo.de posteo.at posteo.be posteo.ch posteo.co.uk posteo.com posteo.dk posteo.es posteo.eu posteo.it"
            " posteo.me posteo.net posteo.nl posteo.no posteo.org posteo.pl posteo.pt posteo.se posteo.uk posteo.us"
        ),
        mx=("posteo.de",),
        peculiarities=Peculiarities(
            help_page="https://posteo.de/hilfe/wie-richte-ich-posteo-in-einem-mailprogramm-ein-pop3-imap-und-smtp"
        ),
    ),
    MailProvider(
        "mailbox.org",
        _imap("imap.mailbox.org"),
        _smtps("smtp.mailbox.org"),
        domains=("mailbox.org",),
        mx=("mailbox.org",),
        peculiarities=Peculiarities(help_page="https://kb.mailbox.org/"),
    ),
    MailProvider(
        "Telekom Mail",
        _imap("secureimap.t-online.de"),
        _smtps("securesmtp.t-online.de"),
        domains=("t-online.de", "magenta.de"),
        sign_in=_APP,
        peculiarities=Peculiarities(
            app_password_page="https://www.telekom.de/hilfe/apps-dienste/e-mail/programme/passwort-verwalten",
            notes=("Mail programs have a password of their own; the one of the web page does not work.",),
        ),
    ),
    MailProvider(
        "Comcast",
        _imap("imap.comcast.net"),
        _smtps("smtp.comcast.net"),
        domains=("comcast.net",),
        mx=("comcast.net",),
        sign_in=(SignInKind.OAUTH2, SignInKind.PASSWORD),
        oauth=OAuthOffer("comcast.net", ("https://email.comcast.net/", "profile", "openid")),
        peculiarities=Peculiarities(
            help_page="https://www.xfinity.com/support/articles/third-party-email-access",
            notes=("Access by mail programs has to be allowed once in the settings of the mailbox on the web.",),
        ),
    ),
)

PROVIDERS: tuple[MailProvider, ...] = (*_SEVERAL, *_zoho("com"), *_zoho("eu"), *_zoho("in"))
