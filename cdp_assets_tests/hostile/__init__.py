"""What happens to files that nobody should deliver and somebody does: one table of cases, tests and a page made from it."""
