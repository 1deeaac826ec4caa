"""Wrong uses, each with the complaint that each checker is to make of it."""
