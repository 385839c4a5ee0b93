"""What is sent to the site by whoever means harm, in tables."""
