"""Prior parameters of every level: what is believed before a data set has spoken, and how loudly it is believed.

``m``: share of pairs of one person that fall into the level; ``u``: share of random pairs of two people; ``h``: share of
pairs of two people of one household (None: as strangers).

These are expert priors: chosen by us, rounded, and not taken from a publication. The reasons:

* Names: a keyed field is wrong in a few per cent of records, so two spellings differ in up to one pair in ten (``one slip``);
  nicknames, initials and second names make up as much again. ``u`` is the sum of squared shares of a skewed list of names,
  a few per mille for first names and one per mille for last names.
* Dates of birth: few are wrong at all, mostly in one digit or with day and month swapped. ``u`` of the same day is one in 365
  times some 50 cohorts.
* E-mails, phones and addresses change with jobs and moves, so that a quarter to a third of one person's pairs disagree;
  strangers share them by mistake only. Households share the landline, and some a mailbox or an employer.
* Exact keys disagree by keying errors only.
* Names in other letters are rare in most data; where they are not, the data says how well they are read. That two systems write in
  other letters is never evidence for a match (``most_bits``).

No labelled pair was used. The priors matter in small data only: a data set of a thousand matched pairs outvotes them
(``PRIOR_MATCHES``, ``PRIOR_CHANCES``).

What does not belong here: estimation (``estimation.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_SHARE = 1e-9
"""No share of pairs is believed to be less: its logarithm is taken."""


@dataclass(frozen=True)
class LevelPrior:
    """Prior m, u and household share of one level. ``exact`` levels must never weigh against a match; a level with
    ``most_bits`` never weighs more than that for one, whatever random pairs show."""

    m: float
    u: float
    h: float | None = None
    exact: bool = False
    most_bits: float | None = None


# The prior m counts as much as this many matched pairs: thirty pairs put two digits on a share.
PRIOR_MATCHES = 30.0
# The prior u of a level counts as much as the sample in which so many pairs of that level are expected: a level of one in a
# million is not refuted by 100,000 random pairs without one, while one in a hundred is known from a few hundred. Half a pair is
# what Jeffreys' prior for a rate adds; between 0.3 and 1 no set's F1 moves by more than 0.001.
PRIOR_CHANCES = 0.5

PROBABLE_EMAIL_BITS = 8.0
"""What a predicted address may prove at most: as much as the employer does, because that and the name are all that it was
predicted from. Random pairs never show two namesakes at one company, so that learning its u would count the name twice."""

PRIORS: dict[str, dict[str, LevelPrior]] = {
    "first_name": {
        "same": LevelPrior(0.74, 0.004, exact=True),
        "first and last name swapped": LevelPrior(0.02, 0.00001),
        "crossed, other names differ": LevelPrior(0.003, 0.0005),
        "stands in the other's last name": LevelPrior(0.007, 0.0003),
        "sounds the same in other letters": LevelPrior(0.003, 0.0002),
        "same first of two names, other second": LevelPrior(0.003, 0.0005, 0.005),
        "same nickname or first word": LevelPrior(0.06, 0.002),
        "one slip": LevelPrior(0.08, 0.004),
        "among the other's middle names": LevelPrior(0.002, 0.001),
        "initial or beginning": LevelPrior(0.03, 0.004),
        "alike": LevelPrior(0.02, 0.02),
        "other letters, read otherwise": LevelPrior(0.001, 0.001, most_bits=0.0),
        "different": LevelPrior(0.04, 0.966),
    },
    "last_name": {
        "same": LevelPrior(0.82, 0.001, 0.89, exact=True),
        "sounds the same in other letters": LevelPrior(0.003, 0.0001, 0.003),
        "one slip": LevelPrior(0.09, 0.002, 0.03),
        "part of a double name": LevelPrior(0.02, 0.001, 0.02),
        "among the other's middle names": LevelPrior(0.002, 0.0003, 0.002),
        "alike": LevelPrior(0.02, 0.01, 0.01),
        "other letters, read otherwise": LevelPrior(0.001, 0.001, most_bits=0.0),
        "different": LevelPrior(0.05, 0.986, 0.05),
    },
    "middle_name": {
        "same": LevelPrior(0.75, 0.01, exact=True),
        "initial": LevelPrior(0.12, 0.03),
        "alike": LevelPrior(0.03, 0.01),
        "different": LevelPrior(0.1, 0.95),
    },
    # Of pairs in which one side has a suffix at least; few people have one, and few systems ask.
    "suffix": {
        "same": LevelPrior(0.5, 0.02, exact=True),
        "told on one side only": LevelPrior(0.48, 0.94),
        "different": LevelPrior(0.02, 0.04, 0.06),
    },
    "sex": {"same": LevelPrior(0.97, 0.5, 0.4, exact=True), "different": LevelPrior(0.03, 0.5, 0.6)},
    "date_of_birth": {
        "same": LevelPrior(0.86, 0.00006, 0.02, exact=True),
        "day and month swapped": LevelPrior(0.01, 0.0001),
        "years one digit apart, day unknown": LevelPrior(0.003, 0.0001),
        "one digit off": LevelPrior(0.06, 0.0015),
        "two of year, month and day agree": LevelPrior(0.015, 0.004),
        "same year, day unknown": LevelPrior(0.005, 0.0005, 0.001),
        "two digits off": LevelPrior(0.012, 0.015),
        "same year": LevelPrior(0.01, 0.014),
        "different": LevelPrior(0.03, 0.9652),
    },
    "email": {
        "same": LevelPrior(0.6, 0.000005, 0.08, exact=True),
        "one of several the same": LevelPrior(0.05, 0.000003, 0.02, exact=True),
        "probably the same": LevelPrior(0.02, 0.00008, most_bits=PROBABLE_EMAIL_BITS),
        "same name and number at another domain": LevelPrior(0.04, 0.000005, 0.001),
        "same name at another domain": LevelPrior(0.02, 0.00005, 0.005),
        "mistyped": LevelPrior(0.05, 0.00001, 0.005),
        "alike": LevelPrior(0.02, 0.001, 0.02),
        "different": LevelPrior(0.22, 0.998927, 0.869),
    },
    "phone": {
        "same": LevelPrior(0.6, 0.000005, 0.4, exact=True),
        "one of several the same": LevelPrior(0.06, 0.000003, 0.05, exact=True),
        "same but for its code": LevelPrior(0.02, 0.000003, 0.01),
        "one digit off": LevelPrior(0.04, 0.00002, 0.01),
        "different": LevelPrior(0.28, 0.999969, 0.53),
    },
    "identifier": {
        "same": LevelPrior(0.9, 0.000002, 0.005, exact=True),
        "one character off": LevelPrior(0.04, 0.00002, 0.01),
        "different": LevelPrior(0.06, 0.999978),
    },
    "address": {
        "same street, number and town": LevelPrior(0.5, 0.00001, exact=True),
        "same street and number": LevelPrior(0.04, 0.00001, exact=True),
        "street mistyped, same number and town": LevelPrior(0.06, 0.00001),
        "same street and town, number unknown": LevelPrior(0.02, 0.00002),
        "same street and town, other number": LevelPrior(0.03, 0.0002),
        "street mistyped, same number": LevelPrior(0.02, 0.00002),
        "same postcode and number or city": LevelPrior(0.08, 0.001),
        "same postcode": LevelPrior(0.03, 0.001),
        "same city, number too": LevelPrior(0.01, 0.0005),
        "same city, other postcode": LevelPrior(0.04, 0.01),
        "same city": LevelPrior(0.05, 0.01),
        "same street": LevelPrior(0.01, 0.004),
        "city or postcode mistyped": LevelPrior(0.03, 0.004),
        "different": LevelPrior(0.08, 0.97896),
    },
    "company": {
        "same": LevelPrior(0.6, 0.001, 0.1, exact=True),
        "mistyped": LevelPrior(0.08, 0.001),
        "most words in common": LevelPrior(0.08, 0.001),
        "alike": LevelPrior(0.05, 0.01),
        "a word in common": LevelPrior(0.04, 0.03),
        "different": LevelPrior(0.15, 0.957),
    },
    "job_title": {"same": LevelPrior(0.6, 0.03, exact=True), "different": LevelPrior(0.4, 0.97)},
}

# Records of one household agree on these as often as records of one person do, but for this share, in which they agree as
# strangers do. The address follows what the data says of one person's records, because it depends on what sources
# tell: where newsletters know postcodes only, one person's records and two partners' agree on postcodes only.
SHARED_AT_HOME = {"address": 0.95}

# Of these a household shares what the prior says, but writes it as carelessly as one person's records do: where a name is
# misspelt in every second record, so is the family's.
WRITTEN_AT_HOME = ("last_name", "phone")

# Two colleagues agree on these as one person's records do in so many of their pairs, before the data has spoken, and otherwise as strangers do: they
# have one company, half of them its address, a third its telephone; a number or a mailbox of it stands in few records. The belief
# counts as much as so many pairs of colleagues.
SHARED_AT_WORK = {"company": 0.95, "address": 0.5, "phone": 0.3, "identifier": 0.05, "email": 0.02}
PRIOR_PAIRS_AT_WORK = 3.0

# What two people of a household have of a first name in common beyond chance, by level. One pair in a hundred is named alike: father and son,
# mother and daughter; and at least as many children have a parent's name for a second one. And where one side has one name only, it may be the
# family's, which partners have in common as often as one person's records do, but for the households whose names differ.
NAMED_ALIKE_AT_HOME = 0.01
FAMILY_NAME_AT_HOME = 0.85

# Two of one household say the same of when they were born so many times as often as strangers do: they are of one age more often. It tells where
# years alone are known; of whole dates the prior, which is of twins, says more.
SAME_AGE_AT_HOME = 2.0

# An e-mail, phone or identifier that one person only carries: how often two records that agree on it are that person's, before the
# data has spoken, and how many pairs that belief is worth. One in ten is a mailbox or a number that a household shares.
PRIOR_OWN_KEY = 0.9
PRIOR_OWN_KEY_PAIRS = 10.0

# A kind of key is somebody's own where it proves to be so in two of three cases, which is what a link must be worth by default. It does not follow the
# policy: however careful a model is told to be, it must not lose an exact key that one person only carries.
OWN_KEY_FROM = 2.0 / 3.0

# Two strangers of one first name have the same family name twice as often as others have, before the data has spoken: names go together by
# language, generation and family. The belief counts as much as so many pairs of strangers that agree on both names: where little is told
# beside names, pairs that agree on them are strangers if these go together often, and one person if not, and the data can not say which.
PRIOR_NAMESAKES = 2.0
PRIOR_NAMESAKE_PAIRS = 100.0

# How often records of two sources are one person, or of one household, is believed to be as often as records on the whole are, until the data
# says otherwise: the belief counts as much as so many of either. Between 3 and 30 the mean F1 of eighty kinds of data moves by less than .0005.
PRIOR_SOURCE_PAIRS = 10.0
# Two sources that hold each customer once have all matches between them: twice the share on the whole. Where a small source seems to be much denser
# still, its people differ from the others' in more than that: names and places that are rare on the whole are common there, and prove less.
MOST_SOURCE_BITS = 1.0

# Of random pairs, how many are one person: three records each of as many people, before the data has spoken (``training`` scales by the
# number of profiles). Of pairs that are not, how many live together: two others of three records.
PRIOR_RECORDS_PER_PERSON = 1.6
PRIOR_HOUSEHOLD_PARTNERS = 0.3
