"""What the machine tells of itself: that a network came up, that somebody set its clock or it woke.

watchdog    the event loop: where it hangs, and an end to what does not end
network     addresses and ways out that appear (Linux: netlink)
waking      the clock was set, or the machine woke from a suspend (Linux: a timer that such a change cancels)
core_dumps  no core files with passwords in them, and no reading of our memory

The first three tell it by calling something; none sends anything to anybody.
"""
