"""All sources together: the order of preference, what each lacks, what was sent to whom, and the time it takes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from tests.accounts.discovery.documents import document, server
from tests.accounts.discovery.loopback_provider import page, redirect
from tuimail.accounts.discovery import discover, planned
from tuimail.accounts.discovery.network import ServiceRecord
from tuimail.accounts.discovery.values import Disclosed, Disclosure, DiscoveryError, DiscoveryReport, Origin, SignInKind
from tuimail.errors import AddressError

if TYPE_CHECKING:
    from tests.accounts.discovery.loopback_provider import LoopbackProvider

ADA = "ada@example.org"
AUTOCONFIG = "autoconfig.example.org/mail/config-v1.1.xml"
WELL_KNOWN = "example.org/.well-known/autoconfig/mail/config-v1.1.xml"
ISPDB = "autoconfig.thunderbird.net/v1.1/example.org"
SRV = "SRV records of example.org"


async def never() -> None:
    """The time is not up before everything was answered."""
    await asyncio.Event().wait()


def settings(host: str) -> bytes:
    """A page with settings that are told apart by their IMAP server."""
    return page(document(server(host=f"{host}.example.org"), server("outgoing")))


def records(target: str = "imap.example.org") -> dict[str, tuple[ServiceRecord, ...]]:
    return {
        "_imaps._tcp.example.org": (ServiceRecord(0, 1, 993, target),),
        "_submissions._tcp.example.org": (ServiceRecord(0, 1, 465, "smtp.example.org"),),
    }


async def looked(provider: LoopbackProvider, address: str = ADA, *, thorough: bool = True) -> DiscoveryReport:
    return await discover(address, thorough=thorough, network=provider.network, patience=never)


def reasons(report: DiscoveryReport) -> dict[str, str]:
    return {each.source: each.reason for each in report.failures}


async def test_a_domain_of_the_table_is_known_without_asking_anybody(provider: LoopbackProvider) -> None:
    report = await looked(provider, "Ada <Ada@Gmail.com>", thorough=False)
    assert report.best is not None
    assert (report.address, report.best.source, report.decided) == ("Ada@gmail.com", "built-in table", True)
    assert report.sent == planned("ada@gmail.com") == ()
    assert provider.requests == provider.resolver.asked == []


async def test_nothing_is_found_and_every_source_has_a_reason(provider: LoopbackProvider) -> None:
    report = await looked(provider)
    assert report.best is None
    assert reasons(report) == {
        "autoconfig.example.org": "autoconfig.example.org has no settings for mail programs.",
        "web server of example.org": "example.org has no settings for mail programs.",
        "ISPDB": "autoconfig.thunderbird.net has no settings for mail programs.",
        SRV: "example.org has no SRV records for IMAP and submission.",
        "MX host's provider": "example.org has no MX records.",
        "guess": "No IMAP server answers at a usual name. imap.example.org does not answer at port 993.",
    }


async def test_the_address_goes_to_the_domain_only(provider: LoopbackProvider) -> None:
    report = await looked(provider, "a+d&a@example.org")
    assert sorted(provider.requests) == sorted([f"{AUTOCONFIG}?emailaddress=a%2Bd%26a@example.org", WELL_KNOWN, ISPDB])
    # What is sent was to be foreseen.
    assert set(report.sent) == set(planned("a+d&a@example.org"))
    assert [each.to for each in report.sent if each.what is Disclosed.ADDRESS] == ["autoconfig.example.org"]


async def test_the_order_of_preference_and_the_alternatives(provider: LoopbackProvider) -> None:
    provider.pages[AUTOCONFIG] = settings("a")
    provider.pages[WELL_KNOWN] = settings("b")
    provider.pages[ISPDB] = settings("c")
    provider.resolver.services = records("d.example.org")
    await provider.mail_server(993, b"* OK hello\r\n")
    await provider.mail_server(465, b"220 hello\r\n")
    report = await looked(provider)
    assert [(each.imap[0].host[:4].rstrip("."), each.origin) for each in report.accounts] == [
        ("a.ex", Origin.AUTOCONFIG),
        ("b.ex", Origin.AUTOCONFIG),
        ("c.ex", Origin.ISPDB),
        ("d.ex", Origin.SRV),
        ("imap", Origin.GUESS),
    ]


async def test_those_that_say_the_same_are_one(provider: LoopbackProvider) -> None:
    provider.pages[WELL_KNOWN] = settings("imap")
    provider.pages[ISPDB] = settings("imap")
    provider.resolver.services = records()
    (account,) = (await looked(provider)).accounts
    assert (account.source, account.also) == ("web server of example.org", ("ISPDB", SRV))


async def test_a_slow_source_delays_no_better_one(provider: LoopbackProvider) -> None:
    provider.pages[AUTOCONFIG] = settings("a")
    provider.pages[ISPDB] = None
    report = await looked(provider, thorough=False)
    assert report.best is not None
    assert (report.best.source, report.decided) == ("autoconfig.example.org", True)


async def test_a_worse_one_waits_for_those_that_could_be_better(provider: LoopbackProvider) -> None:
    """Told on the way, and decided only when the others cannot be better."""
    provider.pages[AUTOCONFIG] = None
    provider.pages[ISPDB] = settings("c")
    told: list[DiscoveryReport] = []
    settled = asyncio.Event()

    def progress(report: DiscoveryReport) -> None:
        told.append(report)
        if report.pending == ("autoconfig.example.org",):
            settled.set()

    async def until_the_others_answered() -> None:
        await settled.wait()

    report = await discover(ADA, progress=progress, network=provider.network, patience=until_the_others_answered)
    assert [each.decided for each in told if each.pending] == [False] * len(told)
    assert told[-1].best is not None
    assert report.best == told[-1].best
    assert (report.decided, report.pending) == (True, ())
    assert reasons(report)["autoconfig.example.org"] == "It did not answer in time."


async def test_silence_ends_with_the_time(provider: LoopbackProvider) -> None:
    for each in (AUTOCONFIG, WELL_KNOWN, ISPDB):
        provider.pages[each] = None

    async def until_somebody_is_silent() -> None:
        await provider.silence_reached.wait()

    report = await discover(ADA, thorough=True, network=provider.network, patience=until_somebody_is_silent)
    assert report.accounts == ()
    assert "It did not answer in time." in reasons(report).values()


async def test_the_time_is_five_seconds(provider: LoopbackProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (AUTOCONFIG, WELL_KNOWN, ISPDB):
        provider.pages[each] = None
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await provider.silence_reached.wait()

    monkeypatch.setattr(asyncio, "sleep", sleep)
    report = await discover(ADA, network=provider.network)
    assert asked == [5.0]
    assert "It did not answer in time." in reasons(report).values()


async def test_being_cancelled_leaves_nothing_behind(provider: LoopbackProvider) -> None:
    provider.pages[AUTOCONFIG] = None
    before = asyncio.all_tasks()
    looking = asyncio.ensure_future(discover(ADA, network=provider.network, patience=never))
    await provider.silence_reached.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    left = [each for each in asyncio.all_tasks() - before if "loopback_provider" not in repr(each)]
    assert left == []


async def test_lies_are_reasons(provider: LoopbackProvider) -> None:
    provider.pages[AUTOCONFIG] = redirect("https://other.example/settings.xml")
    provider.pages["other.example/settings.xml"] = settings("a")
    provider.pages[WELL_KNOWN] = page(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    provider.pages[ISPDB] = page(document(server(socket="plain"), server("outgoing")))
    report = await looked(provider)
    assert report.accounts == ()
    said = reasons(report)
    assert said["autoconfig.example.org"].startswith("It is sent on to other.example, which is not part of example.org")
    assert said["web server of example.org"].startswith("The file has a document type")
    assert said["ISPDB"] == "None of its IMAP servers can be used. It is offered without encryption only."
    assert not any(each.startswith("other.example") for each in provider.requests)


async def test_name_servers_that_do_not_answer_are_a_reason(provider: LoopbackProvider) -> None:
    provider.pages[AUTOCONFIG] = settings("a")
    provider.resolver.broken = True
    report = await looked(provider)
    assert len(report.accounts) == 1
    assert reasons(report)[SRV] == "The name servers do not answer."


async def test_one_sources_fault_does_not_hide_the_others(
    provider: LoopbackProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty(name: str) -> tuple[ServiceRecord, ...]:
        raise RuntimeError(ADA)

    monkeypatch.setattr(provider.resolver, "service", faulty)
    provider.pages[AUTOCONFIG] = settings("a")
    with caplog.at_level(logging.DEBUG):
        report = await looked(provider)
    assert len(report.accounts) == 1
    assert reasons(report)[SRV] == "It failed in a way that was not expected."
    assert "RuntimeError" in caplog.text
    assert ADA not in caplog.text


async def test_an_address_without_a_domain_name() -> None:
    report = await discover("ada@[192.0.2.1]")
    assert (report.best, report.decided) == (None, True)
    assert "nothing to look for" in report.failures[0].reason
    assert planned("ada@[192.0.2.1]") == ()


async def test_what_is_no_address() -> None:
    with pytest.raises(AddressError):
        await discover("ada")


async def test_the_table_with_alternatives(provider: LoopbackProvider) -> None:
    """Only when all are wanted is anybody asked about a domain of the table."""
    provider.resolver.elsewhere.update(
        {f"{label}gmail.com": () for label in ("", "autoconfig.", "imap.", "smtp.", "mail.")}
    )
    report = await looked(provider, "ada@gmail.com")
    assert [each.origin for each in report.accounts] == [Origin.BUILT_IN]
    assert reasons(report)["autoconfig.gmail.com"] == "autoconfig.gmail.com has no address in DNS."


class TestServiceRecords:
    """SRV: priority, weight, and what is not offered."""

    async def test_priority_before_weight_and_tls_before_starttls(self, provider: LoopbackProvider) -> None:
        provider.resolver.services = records() | {
            "_imaps._tcp.example.org": (
                ServiceRecord(20, 100, 993, "c.example.org"),
                ServiceRecord(10, 1, 993, "b.example.org"),
                ServiceRecord(10, 9, 9993, "a.example.org"),
                ServiceRecord(0, 0, 0, "zero.example.org"),
            ),
            "_imap._tcp.example.org": (ServiceRecord(0, 0, 143, "d.example.org"),),
        }
        (account,) = (await looked(provider)).accounts
        found = [(each.host, each.port, each.security.value) for each in account.imap]
        assert found == [
            ("a.example.org", 9993, "tls"),
            ("b.example.org", 993, "tls"),
            ("c.example.org", 993, "tls"),
            ("d.example.org", 143, "starttls"),
        ]
        assert account.imap[0].username == ADA
        assert account.to_confirm == ()

    async def test_a_dot_is_not_offered(self, provider: LoopbackProvider) -> None:
        provider.resolver.services = records() | {"_imaps._tcp.example.org": (ServiceRecord(0, 0, 0, ""),)}
        assert reasons(await looked(provider))[SRV] == "example.org says that it offers no IMAP."

    async def test_a_dot_for_tls_leaves_starttls(self, provider: LoopbackProvider) -> None:
        provider.resolver.services = records() | {
            "_imaps._tcp.example.org": (ServiceRecord(0, 0, 0, ""),),
            "_imap._tcp.example.org": (ServiceRecord(0, 0, 143, "imap.example.org"),),
        }
        (account,) = (await looked(provider)).accounts
        assert [each.security.value for each in account.imap] == ["starttls"]

    async def test_hosts_of_others_are_to_be_confirmed(self, provider: LoopbackProvider) -> None:
        provider.resolver.services = records("imap.notexample.org")
        (account,) = (await looked(provider)).accounts
        assert account.to_confirm == ("imap.notexample.org",)

    async def test_what_is_known_of_the_provider_is_added(self, provider: LoopbackProvider) -> None:
        provider.resolver.services = records("imap.fastmail.com")
        (account,) = (await looked(provider)).accounts
        assert account.provider == "Fastmail"
        assert account.imap[0].sign_in == (SignInKind.APP_PASSWORD,)
        assert account.peculiarities.app_password_page

    async def test_one_question_may_fail(self, provider: LoopbackProvider, monkeypatch: pytest.MonkeyPatch) -> None:
        answered = records()

        async def service(name: str) -> tuple[ServiceRecord, ...]:
            if name not in answered:
                raise DiscoveryError("The name servers do not answer.")
            return answered[name]

        monkeypatch.setattr(provider.resolver, "service", service)
        assert len((await looked(provider)).accounts) == 1


class TestMailExchangers:
    """A domain of one's own at a provider."""

    async def test_a_provider_of_the_table(self, provider: LoopbackProvider) -> None:
        provider.resolver.mx = ("alt1.aspmx.l.google.com", "aspmx.l.google.com")
        (account,) = (await looked(provider)).accounts
        assert (account.origin, account.source) == (Origin.MX, "MX host's provider, Gmail")
        assert account.imap[0].username == ADA
        assert account.peculiarities.server_files_sent

    async def test_the_providers_own_settings_without_the_address(self, provider: LoopbackProvider) -> None:
        provider.resolver.mx = ("mx1.in.provider.example",)
        provider.pages["autoconfig.provider.example/mail/config-v1.1.xml"] = settings("a")
        provider.pages["autoconfig.thunderbird.net/v1.1/provider.example"] = settings("b")
        report = await looked(provider)
        (account,) = report.accounts
        assert account.source == "MX host's provider, autoconfig.provider.example"
        assert account.imap[0].host == "a.example.org"
        assert "autoconfig.provider.example/mail/config-v1.1.xml" in provider.requests
        assert Disclosure("autoconfig.provider.example", Disclosed.CONNECTION) in report.sent

    async def test_the_ispdb_by_the_providers_domain(self, provider: LoopbackProvider) -> None:
        provider.resolver.mx = ("mx1.in.provider.example",)
        found = page(document(server(host="imap.provider.example"), server("outgoing")))
        provider.pages["autoconfig.thunderbird.net/v1.1/provider.example"] = found
        (account,) = (await looked(provider)).accounts
        assert account.source == "MX host's provider, ISPDB"
        assert account.to_confirm == ("imap.provider.example",)

    @pytest.mark.parametrize("host", ["mx.example.org", "example.org"])
    async def test_its_own_host_says_nothing_new(self, provider: LoopbackProvider, host: str) -> None:
        provider.resolver.mx = (host,)
        report = await looked(provider)
        assert reasons(report)["MX host's provider"] == "example.org takes its mail itself."

    async def test_a_provider_nobody_knows(self, provider: LoopbackProvider) -> None:
        provider.resolver.mx = ("mx.provider.example",)
        said = reasons(await looked(provider))["MX host's provider"]
        assert said == "Its mail goes to mx.provider.example, and nothing is known of provider.example."


class TestGuesses:
    """Usual names, where a server answers by its certificate."""

    async def test_what_answers(self, provider: LoopbackProvider) -> None:
        await provider.mail_server(143, b"* OK hello\r\n", starttls=b"a1 OK go\r\n")
        await provider.mail_server(587, b"220 hello\r\n", starttls=b"220 go\r\n")
        provider.resolver.elsewhere["smtp.example.org"] = ()
        (account,) = (await looked(provider)).accounts
        assert account.origin is Origin.GUESS
        assert [(each.host, each.port) for each in account.imap] == [
            ("imap.example.org", 143),
            ("mail.example.org", 143),
        ]
        assert [(each.host, each.port) for each in account.submission] == [("mail.example.org", 587)]

    async def test_only_one_kind(self, provider: LoopbackProvider) -> None:
        await provider.mail_server(993, b"* OK hello\r\n")
        assert reasons(await looked(provider))["guess"].startswith("No submission server answers at a usual name.")

    async def test_what_answered_counts_when_another_is_silent(self, provider: LoopbackProvider) -> None:
        """It is told as soon as both kinds answered, though every other source is done and one guess is silent."""
        others_are_done, found = asyncio.Event(), asyncio.Event()

        async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async def greet_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await others_are_done.wait()
            writer.write(b"220 hello\r\n")
            await reader.read()

        await provider.listen(143, say_nothing, secure=False)
        await provider.mail_server(993, b"* OK hello\r\n")
        await provider.listen(465, greet_late)

        async def until_it_is_told() -> None:
            await found.wait()

        def progress(report: DiscoveryReport) -> None:
            if report.pending == ("guess",):
                others_are_done.set()
            if report.accounts:
                found.set()

        report = await discover(
            ADA, thorough=True, network=provider.network, progress=progress, patience=until_it_is_told
        )
        assert report.best is not None
        assert report.best.origin is Origin.GUESS
        assert "guess" not in reasons(report)
