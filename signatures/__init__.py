"""The upper floor: signing, confirming, letters, counting, moderating and exporting."""
