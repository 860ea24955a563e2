"""What a publication tells about itself, as two tables beside the marts."""

from orchestration.publishing.mart import Mart

ABOUT = Mart(
    "published",
    "",
    "Grain: one row. What this publication holds.",
    {
        "as_of": "The last judged day: all tables are as of its end.",
        "first_day": "The first judged day.",
        "version": "Counts publications.",
        "schema_version": "Changes when a reader has to.",
    },
)
TABLES = Mart(
    "published_tables",
    "",
    "Grain: one row per table of this publication.",
    {"table_name": "The table's name.", "row_count": "How many rows it has.", "description": "Its grain and meaning."},
)
