"""Pages made from the tables of a run; imports schemas alone, never a pipeline."""
