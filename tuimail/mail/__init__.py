"""The words: addresses, envelopes, headers, letters. Pure values, no I/O."""
