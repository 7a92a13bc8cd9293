"""Watch mode: one engine that checks at each save, and the views that show what it yields."""
