r"""Mailboxes: Maildir, mbox and IMAP.

maildir                        durable delivery
maildir_folder                 a Maildir that other programs write to: scans, flags; maildir_folders makes and removes
mbox                           an mbox file: where its messages begin and end, and their content
mbox_folder                    the mbox files of an account, and what names a message in one
watch                          tells when other programs change a Maildir or an mbox
imap_connect                   connects to an IMAP account and signs in, with sign_in and imap_errors
imap_session                   one command at a time: imap_command, imap_append, imap_idle; imap_timeouts limits them
imap_protocol, imap_wire       the connection on aioimaplib; parsing and quoting
imap_client                    the server of an account, for callers that block, on a loop_thread
imap_mailbox                   a selected mailbox: imap_reading, imap_changes; imap_folders are commands on the others
imap_connections               up to three connections (imap_connection); imap_watch waits for changes on one
imap_fetch, imap_answers       untagged responses as imap_values; imap_news keeps what comes unasked
imap_search                    search patterns as the criteria of SEARCH
imap_reason                    why a server refuses, by its code or its words
imap_numbers, imap_names       sets of uids and names of mailboxes in commands
sent_mail, folders             find \Sent, search it for a letter, append a letter
"""
