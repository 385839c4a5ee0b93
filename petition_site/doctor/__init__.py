"""What `manage.py doctor` looks at. It says what is well and what is not, and what to do, in sentences.

No sentence holds a secret, somebody's name or an address but the one that was given to write to.
"""
