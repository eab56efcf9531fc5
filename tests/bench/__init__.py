"""Benchmarks: ``python -m tests.bench [NAME...] [--runs N] [--letters N]`` measures tuimail beside what is installed.

Nothing here is asserted: the figures are medians of several runs with their spread, and what counts is the ratio of
two rows of one run on one machine. ``drain`` hands a queue to a server, ``enqueue`` stores letters durably, ``memory``
streams a large letter, ``keys`` presses keys while the outbox is at work, ``start`` gives the processor time of the
start and of a key in lists and in the composer. Only loopback is used; peers that are not installed are left out.
"""
