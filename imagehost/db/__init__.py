"""The database: engine, tables, transactions, counts."""
