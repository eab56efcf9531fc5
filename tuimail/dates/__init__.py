"""Times as people say them: read (asked, days, zones, wall) and said (spoken). Pure, given now and the zone."""
