"""Every code a problem can have: what it means, and how it is put right. docs/problems.md is made of this table."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    meaning: str
    remedy: str


CODES: dict[str, Code] = {
    "always-true": Code(
        "A rule, or a part of one, that holds for the whole base population whatever the data is. A warning.",
        "Correct it, or take it out; negatives are joined by `all` or `none`, seldom by `any`.",
    ),
    "archived-segment": Code(
        "A segment that is archived is named by one that is not, or by an audience.",
        "Name an active segment, or set `status: active` in the one that is named.",
    ),
    "bad-address": Code(
        "An address of a destination that is none, or that anybody on the way could read along.",
        "Begin it with `https://`.",
    ),
    "bad-anniversary": Code(
        "An anniversary is asked for today or in days around it, at most a year of them.",
        "Write `anniversary: today`, `anniversary: {in_next: 7 days}` or `anniversary: {in_last: 7 days}`.",
    ),
    "bad-between": Code(
        "`between` takes a list of two values, the smaller or earlier one first; both count.",
        "Write `between: [1, 5]` or `between: [2026-01-01, 2026-01-31]`.",
    ),
    "bad-date": Code(
        "A date that is in no calendar, or that is not written as one.",
        "Write `2026-01-31`, or `2026-01-31 09:00:00` where a time of day is wanted.",
    ),
    "bad-former-key": Code(
        "A former key that is none, or that is another segment's, now or formerly.",
        "Write the key that the file had before it was renamed; a history has one heir.",
    ),
    "bad-freshness": Code(
        "A promised time between acknowledgements that is not written as a time.", "Write `freshness: 26 hours`."
    ),
    "bad-key": Code(
        "The file's name cannot be the key of a segment or an audience.",
        "Name the file with small letters, digits and _, beginning with a letter, unlike the entity's key column.",
    ),
    "bad-length": Code("How long rows are kept, not written as a length of time.", "Write `keeps: 400 days`."),
    "bad-list": Code(
        "A fixed list that is no CSV file with the entity's key among its columns.",
        "Let the first line name the columns, one of them like the entity's key; give each row as many values.",
    ),
    "bad-name": Code(
        "A name that a table, a column, an entity or a field of an audience cannot have.",
        "Use letters, digits and _, and no name that is taken already.",
    ),
    "bad-number": Code(
        "A number of periods that is out of range.",
        "Ask for at least one period, for no more than there are, and for at most 100 of them.",
    ),
    "bad-pattern": Code(
        "A pattern of `matches` that RE2 does not take, or that engines read in different ways.",
        "Leave out look-arounds, back references, flags and named groups; `[0-9]`, `(a|b)`, `+` and the like are fine.",
    ),
    "bad-rank": Code(
        "`top` and `bottom` take a number of places, or a share of up to 100%.", "Write `top: 500` or `top: 10%`."
    ),
    "bad-schedule": Code(
        "A schedule that is not five fields of cron: minute, hour, day of the month, month, day of the week.",
        'Write `"0 7 * * *"` for every day at seven, in quotes.',
    ),
    "bad-sequence": Code(
        "A sequence that begins with a step that must not happen, or ends with two of them.",
        "Begin with `performed`; name events that must not happen in one step: `not_performed: [a, b]`.",
    ),
    "bad-share": Code("A share that is not written in per cent.", "Write `20%`."),
    "bad-split": Code(
        "A split whose shares are none, are more than the whole, or leave nobody to send to.",
        "Write `split: {holdout: 10, a: 45, b: 45}`: per cent, 100 together at most.",
    ),
    "bad-stay": Code(
        "A stay of a spec's test that ends before it begins.",
        "`until` is the first day out; leave it out for a stay that is not over.",
    ),
    "bad-window": Code(
        "A length of time or a period that cannot be read, or that does not fit its word.",
        "Write `in_last: 30 days`, `more_than: 30 days ago`, `during: last month`.",
    ),
    "before-history": Code(
        "`was_in_segment` asks about days before the segment was first judged.",
        "Ask about a later day, or judge the days before with `muster backfill`.",
    ),
    "beyond-kept": Code(
        "A window that looks further back than the catalog says the data is kept. A warning.",
        "Choose a shorter window, or correct `keeps:` in the catalog.",
    ),
    "column-type": Code(
        "A column that has another type in the warehouse than in the catalog. A warning.",
        "Name the type that fits, or cast the column in its staging model.",
    ),
    "complexity": Code(
        "A rule that costs much to judge, and is hard to read. A warning.",
        "Shorten its sequences, count whole days in place of hours, or make segments of parts that rules share.",
    ),
    "conflict": Code(
        "A merge changed the same lines in two ways, and the file still holds both.",
        "Keep what is meant of both sides, and delete git's lines of `<<<<<<<`, `=======` and `>>>>>>>`.",
    ),
    "cycle": Code(
        "Segments that refer to each other in a circle, so that none can be judged first.",
        "Take one of the references out.",
    ),
    "duplicate-key": Code(
        "One mapping gives the same key twice; the second would win unseen.",
        "Keep one of the two; conditions that both hold go into a list, each with its own `- `.",
    ),
    "empty-file": Code("A file without any content.", "Write a spec, or remove the file."),
    "empty-group": Code(
        "A group (`all`, `any`, `none`, `not`) of no conditions.",
        "Put conditions into it; `everyone: true` is the rule that everyone meets.",
    ),
    "empty-list": Code("A list without values, which nothing could match.", "Name at least one value."),
    "encoding": Code(
        "A file that is no plain text in UTF-8, or that holds control characters.",
        "Save the file as UTF-8 and delete the character.",
    ),
    "failed-test": Code(
        "A spec's test expects another answer than the rule gives.",
        "Correct the rule, or what the test says; the notes tell how each condition was answered.",
    ),
    "float-threshold": Code(
        "A float under a threshold: near it a double may fall on either side. A warning.",
        "Make the attribute a `number`, and the column an exact decimal.",
    ),
    "idle-unknown": Code(
        "`unknown:` says what holds anyway, or stands where nothing is unknown. A warning.",
        "Take it out.",
    ),
    "misplaced-file": Code(
        "A spec where none is read: beside the catalog instead of in a folder.",
        "Move it into a folder such as segment_specs/people.",
    ),
    "missing-column": Code(
        "A column that the catalog names and the warehouse's table does not have. A warning.",
        "Correct the name, or add the column to the table.",
    ),
    "missing-field": Code("A field that has to be there is not.", "Add the field."),
    "missing-unit": Code("A length of time without its unit.", "Write `30 days`, `12 hours`, `3 months`."),
    "name-taken": Code(
        "An entity whose tables would have the names of other tables of Muster.",
        "Call the entity otherwise; its `model:` may stay as it is.",
    ),
    "needs-timestamp": Code(
        "Hours or a time of day asked of a date, which has none.", "Ask in days, or name a column with a time of day."
    ),
    "negatives-in-any": Code(
        "Negatives joined by `any`: who misses just one of them is in. A warning.",
        "Write `none:` of what they deny; if one is meant to be enough, write `not: {all: […]}`.",
    ),
    "never-true": Code(
        "A rule, or a part of one, that holds for nobody whatever the data is. A warning.",
        "Correct it, or take it out; where one condition is enough, join them by `any`.",
    ),
    "no-condition": Code(
        "Something that is no condition stands where one is expected.",
        "Write an attribute or a word with its value, as in `plan: pro`.",
    ),
    "no-date": Code(
        "A window over rows that have no date.", "Leave the window out, or give the relation `at:` in the catalog."
    ),
    "no-events": Code(
        "Events are asked for, and the catalog gives none for this entity.", "Add `events:` to the entity."
    ),
    "no-history": Code(
        "How long something has lasted is asked where the catalog gives no earlier states.",
        "Give the entity `history:` in the catalog, or `history: recorded`; or leave out `for_at_least`.",
    ),
    "no-list": Code(
        "`members` names a list that is not there.",
        "Put the CSV file into segment_specs/static and name it as in `static/testers.csv`.",
    ),
    "no-number": Code(
        "A number is compared, and nothing says which.",
        "Name it: `times`, `on_days`, `count`, or `sum`, `average`, `minimum`, `maximum` of a property.",
    ),
    "no-operator": Code(
        "Something is named, and nothing is said about it.", "Add an operator, as in `{greater_than: 5}`."
    ),
    "no-rule": Code("A segment has to have `where` or `members`, one of the two.", "Add one, or remove one."),
    "not-a-date": Code(
        "Something that is no date stands where a date is needed.", "Give a date, or a column of dates."
    ),
    "not-a-list": Code("One value or a mapping stands where a list is needed.", "Write `[a, b]`."),
    "not-a-mapping": Code(
        "A value or a list stands where names with values are needed.", "Write `name: value`, one a line."
    ),
    "not-a-number": Code(
        "A number is needed, and this attribute is none.", "Name an attribute of type integer, number or float."
    ),
    "not-boolean": Code("True or false is needed here.", "Write `true` or `false`, without quotes."),
    "not-here": Code(
        "A word that has no meaning at this place.",
        "Ask it of the subject instead, or use another word.",
    ),
    "not-text": Code("A text is needed here.", "Write a single word or a quoted text."),
    "null-operand": Code(
        "Nothing equals null, so comparing with it is always a mistake.",
        "Ask `is_unknown` or `has_any_value`.",
    ),
    "number-range": Code(
        "A number with more digits than every warehouse compares exactly.",
        "Use at most 18 digits before the point and 9 after it.",
    ),
    "repeated-condition": Code(
        "A condition that another one beside it says already. A warning.",
        "Take one of the two out.",
    ),
    "same-day": Code(
        "Two earlier versions of a test's subject end on the same day.", "Give each version its own last day."
    ),
    "same-key": Code("Two files have the same name, so their keys would be the same.", "Rename one of the files."),
    "same-place": Code(
        "Two audiences go to one tag or list, so what one of them removes there the other would not miss.",
        "Name another tag or list under `into`.",
    ),
    "same-priority": Code(
        "Two audiences of one group have the same priority, so nothing says which of them has a subject.",
        "Give each audience of a group a number of its own; the smallest comes first.",
    ),
    "short-sequence": Code("A sequence of fewer than two steps.", "Add a step, or ask `performed` for a single event."),
    "too-deep": Code("Mappings and lists nested more than 64 levels deep.", "Flatten the rule, or split it in two."),
    "too-large": Code(
        "A file that is larger than 1 MB or holds more than 50,000 values; a list of 10 MB or 250,000 lines.",
        "Split it up; a long list of values belongs into a table of the warehouse.",
    ),
    "two-subjects": Code(
        "One condition speaks of two things.", "Give each condition its own `- ` in a list; a list means all of it."
    ),
    "unknown-attribute": Code(
        "An attribute, a property or a word that is not known here.", "Correct it, or add it to the catalog."
    ),
    "unknown-choice": Code("A value that is none of those possible here.", "Use one of those that are named."),
    "unknown-destination": Code(
        "An audience's destination that destinations.yml does not have.", "Correct it, or add it to destinations.yml."
    ),
    "unknown-entity": Code("An entity that the catalog does not have.", "Correct it, or add it to the catalog."),
    "unknown-event": Code(
        "An event that is not among those the catalog lists. A warning.",
        "Correct it, or add it to `names:` in the catalog.",
    ),
    "unknown-field": Code("A field that is not known here.", "Correct it, or take it out."),
    "unknown-member": Code(
        "Keys of a fixed list that no subject in the warehouse has. A warning.",
        "Correct them, or take them out with `muster members remove`.",
    ),
    "unknown-relation": Code("A relation that the entity does not have.", "Correct it, or add it to the catalog."),
    "unknown-segment": Code("A segment that no file defines.", "Correct it, or write the segment."),
    "unknown-timezone": Code("A time zone that is not in the IANA database.", "Write it as in `Europe/Dublin`."),
    "unknown-value": Code(
        "A value that is not among those the catalog lists for the attribute. A warning.",
        "Correct it, or add it to `values:` in the catalog.",
    ),
    "unreadable": Code("A file or a folder that cannot be read.", "Make it a plain file that may be read."),
    "unseen-event": Code(
        "An event that no row of the warehouse has. A warning.",
        "Correct it, unless such events are yet to come.",
    ),
    "unseen-value": Code(
        "An element, such as a tag, that no list of the warehouse has. A warning.",
        "Correct it, unless such rows are yet to come.",
    ),
    "unused": Code(
        "An entry of the catalog that no rule and no audience uses; listed by `muster check --unused`. A warning.",
        "Take it out, or leave it for rules to come.",
    ),
    "wrong-entity": Code(
        "A segment of one entity is named where one of another is needed.", "Name a segment of the same entity."
    ),
    "wrong-operand": Code(
        "A value of another type than what it is compared with; nothing is converted.",
        "Write texts with quotes where they look like numbers, and numbers and booleans without.",
    ),
    "wrong-operator": Code("A word that compares no values of this type.", "Use one of the words that this type has."),
    "wrong-value": Code(
        "A value of a spec's test that is not of its attribute's type.", "Write a value of that type, or `null`."
    ),
    "written-secret": Code(
        "A secret that is written down where it should only be named.",
        "Name the environment variable that holds it: `token: {env: NAME}`; what was written is known, so change it.",
    ),
    "yaml": Code("Text that is not YAML, or YAML that Muster does not read.", "Correct the text at the place shown."),
}
