r"""Mailboxes: Maildir, mbox and IMAP.

maildir                        durable delivery
maildir_folder                 a Maildir that other programs write to: scans, flags; maildir_folders makes and removes
mbox                           an mbox file: where its messages begin and end, and their content
mbox_folder                    the mbox files of an account, and what names a message in one
watch                          tells when other programs change a Maildir or an mbox
imap_connect                   connects to an IMAP account and signs in, with sign_in and imap_errors
imap_session                   one command at a time: imap_command runs it, imap_append uploads, imap_timeouts limits it
imap_protocol, imap_wire       the connection on aioimaplib; parsing and quoting
sent_mail, folders             find \Sent, search it for a letter, append a letter
"""
