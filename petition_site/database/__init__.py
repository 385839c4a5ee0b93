"""Django's PostgreSQL, with an end to patience while somebody waits for a page."""
