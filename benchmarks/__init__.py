"""Programs that answer one question of speed each; ``make bench-…`` runs them."""
