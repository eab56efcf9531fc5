"""Step 2, submission: one attempt to hand a message to a submission server or to a local command.

Interface      submitter (one method), result (verdicts), route (chooses the submitter), failover (several servers)
SMTP           smtp (the submitter), pipeline (messages in line), handshake, auth, transaction (one letter) of
               envelope_phase (MAIL, RCPT) and content_phase (DATA, body, dot); smtp_exchange (commands and replies,
               RSET), smtp_attempt (its state), verdicts, quirks, quirk_detector, commands, envelope_commands, body,
               dot_stuffing; they use the protocol in wire, not sockets
Connection     connection and smtp_protocol (on aiosmtplib), connect (addresses), replies (parser), dialogue (record)
Classification reply_table (every reply), classify (the lookup), failure (everything that is not a reply)
Local command  sendmail (the submitter), command_arguments, command_input, command_run, command_output, command_exit
"""
