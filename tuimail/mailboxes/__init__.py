r"""Where letters are kept: Maildir and IMAP.

maildir                delivery that survives a power cut
opening                the way into an IMAP account, with sign_in and trouble (what went wrong, in words)
session, link          commands one at a time, on aioimaplib; imap_wire reads and quotes
sent_mail, folders     finding \Sent, finding a letter in it, putting one there
"""
