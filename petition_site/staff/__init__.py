"""How staff come in: password, second factor, the accounts and their roles."""
