"""The embedded account: a loopback submission server and sample letters."""
