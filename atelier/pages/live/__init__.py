"""What a served page has beside its lesson: the learner's criteria, and what helps."""
