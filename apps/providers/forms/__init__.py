"""Forms of the admin: accounts and wording."""
