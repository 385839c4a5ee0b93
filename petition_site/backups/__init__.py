"""Backups of the database: made, proved and sealed in one go, and restored so that nobody who left comes back."""
