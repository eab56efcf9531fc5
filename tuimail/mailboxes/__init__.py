"""Where letters are kept: Maildir and IMAP."""
