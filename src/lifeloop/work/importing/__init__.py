"""Bringing in files: customers, their things, and what happened to them, from CSV and JSON Lines."""
