"""Whether figures are worse than before, beyond a threshold and beyond noise. Plain sequences of numbers, and pure."""
