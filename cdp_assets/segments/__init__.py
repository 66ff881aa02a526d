"""Who is in a segment, out of it, or maybe: segments that know about identity doubt.

Stage 7 of 8.
"""
