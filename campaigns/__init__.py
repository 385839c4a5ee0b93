"""The ground floor: a campaign and its words, in every language. It knows nothing of who signs."""
