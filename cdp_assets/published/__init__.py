"""What other systems may read: one consistent set of tables in the user's database.

Stage 8 of 8. Readers see the former publication or the new one, never a mixture.
"""
