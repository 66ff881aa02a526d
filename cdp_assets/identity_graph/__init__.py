"""Who is who: judgements, clusters, stable customer ids, every merge and split, the review queue.

Stage 5 of 8. Knows records and links, not what the records say.
"""
