"""What the machine tells of itself: that a network came up, that somebody set its clock or it woke.

watchdog  the event loop: where it hangs, and an end to what does not end
network   addresses and ways out that appear (Linux: netlink)
waking    the clock was set, or the machine woke from a suspend (Linux: a timer that such a change cancels)

Each tells it by calling something; neither sends anything to anybody.
"""
