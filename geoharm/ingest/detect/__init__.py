"""What an unknown file holds: its format, columns and dates, proposed with evidence and doubts."""
