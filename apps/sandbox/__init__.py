"""A pretend WhatsApp: its own process, its own SQLite file, only HTTP between it and the product."""
