"""Plays the stories against a running demo, through HTTP alone: pretend phones on one side, the admin on the other."""
