"""What the commands do: functions that take the screen they act on, a file per screen."""
