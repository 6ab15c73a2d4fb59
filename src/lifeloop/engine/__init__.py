"""What happens next. Pure: no clock, no database, no network, no chance."""
