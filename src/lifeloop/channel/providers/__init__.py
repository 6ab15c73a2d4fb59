"""Senders of mail over HTTP, one file each, and the provider files that Lifeloop ships (``*.yaml``)."""
