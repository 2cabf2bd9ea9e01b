"""What answers at which address: one module for each group of routes."""
