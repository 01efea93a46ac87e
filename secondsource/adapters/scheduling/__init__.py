"""Jobs by the calendar: when they are due, and that each due time runs once."""
