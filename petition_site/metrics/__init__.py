"""Numbers for Prometheus: what each process counts, and what the database knows."""
