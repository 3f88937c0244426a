"""The demo company: data as plain Python, and the one service that plants it."""
