"""Sending without a screen, from log-in on: the service that runs ``tuimail outbox run --watch``.

unit      the text of its systemd unit, pure
systemd   the user's service manager: install, remove, what it says
notify    telling the manager that we are up
crontab   the line for machines without one
"""
