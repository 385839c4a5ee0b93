"""What stands around the site in containers: its configuration of nginx, and whether a process still does its work."""
