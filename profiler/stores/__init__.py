"""Object stores: opened by URL, their objects, and what their errors mean."""
