-- The outer hash matters: in DuckDB hash(a, b) and hash(a, c) differ by the same bits for every a.
create or replace temp macro draw(id, salt) as
    (hash(hash(getvariable('sample_seed'), salt, id::bigint)) >> 11)::double / 9007199254740992.0;

create or replace temp macro pick(drawn, options) as options[1 + floor(drawn * len(options))::bigint];

-- Day 0 is 2017-01-01. 05:00 UTC is midnight in New York in winter and 01:00 in summer, so seconds between
-- 06:00 and 22:59 lie inside the local day all year.
create or replace temp macro moment(day, seconds) as
    make_timestamp(1483246800000000 + day::bigint * 86400000000 + floor(seconds)::bigint * 1000000);
