"""What the lists of this app search by a part of it."""

from apps.core.wordindex import search_words

search_words("approvals.request", "summary")
