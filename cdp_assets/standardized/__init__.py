"""Records in comparable form: names, e-mails, phones, addresses, dates; versions of records; rejected rows.

Stage 3 of 8. Decides what linkage can see. Never decides who is who.
"""
