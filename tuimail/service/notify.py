"""Reports states to the service manager (sd_notify(3)) by one datagram; does nothing without a manager."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"


def notify(*states: str) -> bool:
    """Send ``states`` to the service manager; returns whether there is one. Never raises, never blocks."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return False
    if address.startswith("@"):  # the abstract namespace
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto("\n".join(states).encode(), address)
    except OSError as error:
        log.info("the service manager was not told: %s", error)
        return False
    return True
