"""Events and settings of the operating system.

watchdog    reports where the event loop hangs, and ends a process that does not end
network     reports new addresses and default routes (Linux: netlink)
waking      reports that the clock was set or the machine resumed (Linux: a timer that such a change cancels)
core_dumps  prevents core files with passwords in them, and access to this process's memory

The first three report by a callback; none sends anything over the network.
"""
