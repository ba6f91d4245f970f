"""A run as a pipeline of services: what it uses of each, what that costs, and the same work on machines."""
