"""atelier: a workshop on background jobs that checks what its learners write by running it."""
