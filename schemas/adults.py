"""Who counts as an adult, wherever it is asked: in a collection, and of whoever is made to speak."""

ADULT_YEARS = 18.0
