"""How patient browser tests are."""

from playwright.sync_api import expect

expect.set_options(timeout=15_000)  # milliseconds, for two cores that run other tests at the same time
