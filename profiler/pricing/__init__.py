"""Exact arithmetic with prices: bills of given quantities, and budgets turned around. Nothing of a run is here."""
