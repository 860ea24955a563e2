"""What each word of the rule language means: editors say it while somebody writes, docs/rules.md beside examples."""

from __future__ import annotations

GROUPS = {
    "all": "Every one of these conditions holds.",
    "any": "At least one of these conditions holds.",
    "none": "None of these conditions holds.",
    "not": "The complement within the base population; a list means all of it.",
    "everyone": "Every subject of the base population: `true`.",
}
SUBJECTS = {
    "attribute": "An attribute that is called like a word of the language; its operators stand beside it.",
    "performed": "An event's name, a list of names (any of them), or `any`.",
    "not_performed": "No such event, in the windows beside it if there are any.",
    "first_performed": "The earliest such event at all: its date, or what it was like (`having`).",
    "last_performed": "The latest such event at all: its date, or what it was like (`having`).",
    "performed_regularly": "Such events in at least some of the last periods: `in_at_least: 3`, `of_last: 4 weeks`.",
    "stopped_performing": "At least one in the last `was_in`, none in the last `silent_for`.",
    "resumed_performing": "At least one in the last `back_in`, none in the `silent_for` before that, one earlier.",
    "sequence": "Events in time order, each strictly later than the one before.",
    "related": "A relation: its rows, or attached subjects, that pass `where` and the windows.",
    "in_segment": "A member of any of these segments on the same day.",
    "not_in_segment": "A member of none of these segments on the same day.",
    "entered_segment": "Entered one of these segments, in the windows beside it or ever.",
    "left_segment": "Left one of these segments, in the windows beside it or ever.",
    "was_in_segment": "Was a member on at least one day of the window beside it.",
}
BESIDE = {
    "where": "Which of them count: conditions on their own attributes; a list means all.",
    "times": "How many, as a number or as `{at_least: 3}`; at least 1 when nothing is said.",
    "on_days": "On how many different local days.",
    "count": "How many rows or attached subjects, as a number or as `{at_least: 3}`.",
    "sum": "The sum of this attribute, with a number operator beside it; 0 over nothing.",
    "average": "The average of this attribute, with a number operator beside it; unknown over nothing.",
    "minimum": "The smallest value of this attribute, with a number operator beside it; unknown over nothing.",
    "maximum": "The largest value of this attribute, with a number operator beside it; unknown over nothing.",
    "distinct": "How many different values of this attribute, with a number operator beside it; 0 over nothing.",
    "having": "A rule about that very event.",
    "first": "The date of the first of them.",
    "last": "The date of the last of them.",
    "any_row": "Some chosen row meets this.",
    "every_row": "Every chosen row meets this; false without rows, unless `or_none: true` stands beside it.",
    "none_row": "No chosen row meets this.",
    "or_none": "Count subjects without any rows too.",
    "in_at_least": "In how many of the periods.",
    "of_last": "How many periods back: `4 weeks` is four of one week; or a number, with `period` beside it.",
    "period": "How long one period is, as in `3 days`.",
    "was_in": "How far back it was still happening, as in `30 days`.",
    "silent_for": "For how long nothing happened, as in `7 days`.",
    "back_in": "How long ago it began again at most, as in `7 days`.",
    "within_step": "At most this long after the step before (elapsed time), as in `2 hours` or `7 days`.",
}
VALUES = {
    "unknown": "What an unknown value counts as: `include` or `exclude`.",
    "for_at_least": "It has held at the end of every day for this long, as in `30 days`.",
    "is_unknown": "The value is not known.",
    "has_any_value": "The value is known, whatever it is.",
}
TEXTS = {
    "is": "Exactly this, capitals and all.",
    "is_not": "Not this; true when unknown.",
    "in": "One of these.",
    "not_in": "None of these; true when unknown.",
    "contains": "Contains this; small letters and capitals are the same.",
    "not_contains": "Does not contain this; true when unknown.",
    "starts_with": "Begins with this; small letters and capitals are the same.",
    "ends_with": "Ends with this; small letters and capitals are the same.",
    "domain": "An e-mail address at exactly this domain.",
    "matches": "Fits this pattern somewhere (the RE2 subset that all engines share).",
    "not_matches": "Fits this pattern nowhere; true when unknown.",
}
NUMBERS = {
    "equals": "This number, another attribute, or a share of one as in `80% of photo_limit`.",
    "not_equals": "Not this number; true when unknown.",
    "greater_than": "More than this number, another attribute or a share of one.",
    "less_than": "Less than this number, another attribute or a share of one.",
    "at_least": "This number or more.",
    "at_most": "This number or less.",
    "exactly": "Exactly this number.",
    "between": "From the first to the second, both ends in.",
    "top": "The highest of the base population: `10%` (rounded up) or `500`; ties go by key.",
    "bottom": "The lowest of the base population: `10%` (rounded up) or `500`; ties go by key.",
    "within": "Ranked in each group of equal values of this attribute.",
}
LISTS = {
    "has": "Has this element.",
    "has_any": "Has at least one of these.",
    "has_all": "Has all of these.",
    "has_none": "Has none of these; true when unknown.",
    "any_element": "Some element passes this test of a text.",
}
DATES = {
    "in_last": "In the days that end with the as-of day: `7 days` is today and the six days before.",
    "in_next": "In the days after the as-of day.",
    "more_than": "Longer ago than this, as in `30 days ago`, or further off, as in `30 days from now`.",
    "at_least_ago": "This long ago or longer, as in `30 days ago`.",
    "at_most_ago": "This long ago or less, the as-of day included.",
    "less_than_ago": "Less long ago than this, or less far off.",
    "exactly_ago": "On the day this long ago, or this far off.",
    "during": "A whole calendar period around the as-of day.",
    "on": "On this local day.",
    "before": "Before this day or instant.",
    "after": "After this whole day, or after this instant.",
    "on_or_before": "On this day or before it.",
    "on_or_after": "On this day or after it.",
    "between_dates": "From the first day or instant to the second, both in.",
    "anniversary": "The return of month and day in a later year: `today`, or in a window of at most one year.",
}

# the chapters of the reference, in its order
CHAPTERS = {
    "Groups": GROUPS,
    "What a condition is about": SUBJECTS,
    "Beside events and relations": BESIDE,
    "Any attribute": VALUES,
    "Text, and true or false": TEXTS,
    "Numbers and ranks": NUMBERS,
    "Lists": LISTS,
    "Dates and windows": DATES,
}
SAID = {word: said for words in CHAPTERS.values() for word, said in words.items()}
# a word that means something else in another place has a name of its own above; this is how it is written
SPELLED = {
    "any_row": "any",
    "every_row": "every",
    "none_row": "none",
    "within_step": "within",
    "at_least_ago": "at_least",
    "at_most_ago": "at_most",
    "less_than_ago": "less_than",
    "exactly_ago": "exactly",
    "between_dates": "between",
}
