"""Pages and endpoints on this machine."""
