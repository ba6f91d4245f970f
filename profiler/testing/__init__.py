"""paredown in somebody's test suite: a plugin of pytest."""
