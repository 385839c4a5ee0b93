"""Google's challenge in a browser, before servers that answer as Google's do."""
