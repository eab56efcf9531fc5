"""Finds the IMAP and submission servers of an address. No screen, no password: the user decides about what was found.

Call ``discover(address)``; ``planned(address)`` says beforehand what would be sent to whom.

discover        asks all sources at the same time and makes the report
The sources, in the order of preference:
  providers       the built-in table (provider_table)
  autoconfig      the domain's own settings over HTTPS, and those of the database that Thunderbird uses (ISPDB)
  service_records SRV records (RFC 6186, RFC 8314)
  mail_exchangers the provider whose MX hosts take the domain's mail: in the table, its settings, the ISPDB
  guesses         usual names, where a server answers with a valid certificate
What they use:
  ranking         the order of what was found, and what is one and the same; pure
  autoconfig_xml  a config-v1.1 document as an account; pure
  xml_tree        hardened XML; pure
  https           GET over HTTPS: bounded, within one site
  probe           whether an IMAP or submission server answers, encrypted
  network         names to connections: only public addresses
  dns_resolver    DNS by dnspython
  user_name       templates for user names; pure
  values          what was found
"""

from tuimail.accounts.discovery.discover import discover, planned

__all__ = ["discover", "planned"]
