"""HTTP: views, what they read from a request, and the answers in three shapes."""
