"""One module per story; each has TITLE and play(stage)."""

from portal.tour.stories import bad_day, expense, incident, leaver, people_in

STORIES = {1: people_in, 2: incident, 3: expense, 9: bad_day, 10: leaver}
