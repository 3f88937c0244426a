"""One module per story; each has TITLE and play(stage)."""

from portal.tour.stories import expense, incident

STORIES = {2: incident, 3: expense}
