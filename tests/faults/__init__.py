"""Each part of a whole site is broken while people sign and confirm on it.

Those that fit the time of continuous integration carry `ci`: workers, Redis and PostgreSQL. The others are `long`.
"""
