"""Answers of providers: whose they are, and what they say of messages in our own words."""
