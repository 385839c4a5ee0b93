"""Deliveries: what is handed over, who agreed to it, the pack that is made of it, and what came of it."""
