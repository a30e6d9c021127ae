"""Storage of Vestnik: one port, SQLite when embedded, MySQL or MariaDB in production."""
