"""HTTP: views, the parsing of requests, and answers in three shapes."""
