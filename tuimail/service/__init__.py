"""The background service: runs ``tuimail run`` from log-in on.

unit         the text of the systemd unit, pure
systemd      installs, removes and queries the unit
notify       sd_notify(3): reports the state to the service manager
crontab      a crontab line for machines without a service manager
environment  the variables that the unit and the crontab line take over
"""
