"""Values of mail: addresses, envelopes, headers, messages. Pure, no I/O."""
