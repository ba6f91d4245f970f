"""A run held against a platform, limits that its owner set, and earlier runs; whether it passes, and what changed."""
