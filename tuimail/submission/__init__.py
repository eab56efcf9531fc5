"""Step 2, its way out: one attempt to hand a letter to a submission server or a local command.

The seam               submitter (one method), result (verdicts), route (which way), smtp and sendmail (the two ways)
The dialogue           handshake, auth, transaction, commands, stuffing; each speaks to a wire and knows no sockets
The connection         connection and line (on aiosmtplib), reach (addresses), replies (reading), dialogue (the record)
What it means          table (every reply), classify (the lookup), mishap (what is no reply)
"""
