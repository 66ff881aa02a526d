"""What arrives: source contracts, files that land, SQL extraction.

Stage 1 of 8. Nothing here changes a delivered value; reading a file yields its text, exactly.
"""
