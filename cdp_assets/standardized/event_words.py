"""The words of events: activities, channels and corrections, in the words that the rest of the pipeline speaks.

A contract may translate a source's own words (``values``); what it leaves is understood here where it has one meaning.
An activity's unknown word stays, in snake case, for it may be a segment's; ``sources/vocabulary.py`` has the known ones and what
each says of an address.

What does not belong here: the words of consent (``consent_words.py``); what an event changes (golden records, segments).
"""

from __future__ import annotations

import polars as pl

from cdp_assets.sources.vocabulary import ACTIVITIES, ALSO_KNOWN_AS, PROFILE_FIELDS
from cdp_assets.standardized.text import VALUE, clean, comparable_words, computed, without_placeholders, word_set

BOUNCED = "bounced"
DELIVERED = "delivered"
ENGAGED_ACTIVITIES = frozenset(word for word, says in ACTIVITIES.items() if says == "alive") - {DELIVERED}
"""Activities that show a live mailbox, or a person at it who gave this address; a delivery shows no person."""

_ACTIVITIES = {
    "sent": "sent send email_sent mail_sent mailed enviado wyslany wyslano gesendet envoye",
    "opened": "open opened opens email_open email_opened mail_opened open_email abierto apertura otwarcie otwarty geoffnet ouvert ouverture",
    "clicked": "click clicked clicks email_click email_clicked link_clicked click_email clic klikniecie kliknieto geklickt clique",
    "bounced": "bounce bounced hard_bounce hardbounce email_bounce email_bounced undeliverable bounced_hard mail_bounced rebote "
    "rebotado odbicie odbity unzustellbar rebond",
    "soft_bounced": "soft_bounce softbounce bounced_soft soft_bounced email_soft_bounce deferred",
    "delivered": "delivered email_delivered delivery entregado dostarczono dostarczony zugestellt livre delivre",
    "replied": "reply replied email_reply answered respondido odpowiedz geantwortet repondu",
    "unsubscribed": "unsubscribe unsubscribed unsub opt_out optout opted_out email_unsubscribe baja wypisany wypisanie abgemeldet "
    "desabonne desabonnement desinscription",
    "complained": "complaint complained spam_complaint spamreport spam_report marked_as_spam abuse",
    "attended": "attend attended attendance attendee participated present webinar_attended joined asistio uczestniczyl obecny teilgenommen a_participe",
    "registered": "register registered registration signup sign_up signed_up enrolled registrado zarejestrowany angemeldet inscrit",
    "no_show": "no_show noshow no_shows absent did_not_attend not_attended missed nie_przyszedl nicht_erschienen no_asistio",
    "subscribed": "subscribe subscribed subscription opt_in opted_in newsletter_subscribed suscrito zapisany abonniert abonne",
    "purchase": "purchase purchased order ordered bought sale checkout order_placed placed_order compra zakup zamowienie kauf bestellung achat commande",
    "returned": "return returned refund refunded order_returned devolucion zwrot retoure retour remboursement",
    "donated": "donate donated donation gift donacion darowizna spende don",
    "downloaded": "download downloaded white_paper_download descarga pobranie heruntergeladen telechargement",
    "form_submitted": "form_submitted form_submit form_submission submitted_form form_filled contact_form",
    "page_view": "page_view pageview page_views pageviews view viewed visit visited visits page_viewed visita odwiedziny wizyta besuch visite",
    "logged_in": "login log_in logged_in signin sign_in signed_in session_start",
    "ticket": "ticket tickets support_ticket ticket_created case case_created support_request zgloszenie",
}
ACTIVITY_WORDS = {word: activity for activity, said in _ACTIVITIES.items() for word in said.split()}
"""Delivered word, in snake case, to the activity that it means."""

CORRECTION_WORDS = {
    **dict.fromkeys(word_set("set update updated correct corrected change changed replace is"), "set"),
    **dict.fromkeys(word_set("retract retracted remove removed delete deleted wrong not_theirs not_mine unset clear"), "retract"),
}  # fmt: skip

CHANNEL_WORDS = {
    **dict.fromkeys(word_set("email e_mail mail newsletter emails e_mails"), "email"),
    **dict.fromkeys(word_set("phone telephone tel call calls sms text mobile telefon telefono"), "phone"),
    **dict.fromkeys(word_set("post postal letter direct_mail paper correo_postal brief"), "post"),
}


def standardize_activities(delivered: pl.Series) -> pl.Series:
    """What happened, in snake case; the word of ``ACTIVITY_WORDS`` where it means one of them."""
    return snake_case(delivered).replace(list(ACTIVITY_WORDS), list(ACTIVITY_WORDS.values()))


def standardize_channels(delivered: pl.Series) -> pl.Series:
    """email, phone or post; another word stays, in snake case."""
    return snake_case(delivered).replace(list(CHANNEL_WORDS), list(CHANNEL_WORDS.values()))


def standardize_corrections(delivered: pl.Series) -> pl.Series:
    """``set`` or ``retract``; null where neither is said."""
    words = snake_case(delivered)
    return words.replace_strict(
        list(CORRECTION_WORDS), list(CORRECTION_WORDS.values()), default=None, return_dtype=pl.String
    )


def corrected_fields(delivered: pl.Series) -> pl.Series:
    """The canonical field that a correction speaks of, also by the names that people give it; null for others."""
    known = {**ALSO_KNOWN_AS, **{field: field for field in PROFILE_FIELDS}}
    return snake_case(delivered).replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)


def snake_case(delivered: pl.Series) -> pl.Series:
    """'Page View' is page_view; a minus or plus alone and placeholders are nothing."""
    words = comparable_words(without_placeholders(clean(delivered)))
    return computed(words, VALUE.str.replace_all(" ", "_"))
