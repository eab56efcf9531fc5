"""Dates and times in English: parsing (parse_date, days, zones) and formatting (format_date, local_time). Pure."""
