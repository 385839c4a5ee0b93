"""A whole site in one clone, with PostgreSQL, Redis and a mail server of its own: for `make run` and the tests."""
