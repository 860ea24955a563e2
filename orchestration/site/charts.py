"""The site's charts as Vega-Lite specifications without data, which each page gives; `$name` is a colour of the style.

Dates are days without a time, so axes count in UTC wherever the reader is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"

Spec = dict[str, Any]


def _day(**more: Any) -> Spec:
    axis = {"title": None, "format": "%-d %b", "labelOverlap": True, "tickCount": 6, "grid": False}
    return {"field": "day", "type": "temporal", "scale": {"type": "utc"}, "axis": axis, **more}


def _number(field: str, title: str | None = None, format_: str = ",d", **more: Any) -> Spec:
    axis = {"title": title, "format": format_, "tickCount": 5, "tickMinStep": 1 if format_ == ",d" else 0}
    return {"field": field, "type": "quantitative", "axis": axis, **more}


def _share(field: str, **more: Any) -> Spec:
    return _number(field, None, ".0%", **{"scale": {"domain": [0, 1]}, **more})


def _told(*fields: tuple[str, str, str]) -> list[Spec]:
    """What the pointer shows: each field with its title, as a day, a number or a share."""
    formats = {"number": ",", "share": ".1%", "day": "%-d %B %Y"}
    kinds = {"number": "quantitative", "share": "quantitative", "day": "temporal", "text": "nominal"}
    return [
        {"field": field, "title": title, "type": kinds[kind]} | ({"format": formats[kind]} if kind in formats else {})
        for field, title, kind in fields
    ]


def _near(name: str, *tooltip: tuple[str, str, str], y: str) -> Spec:
    """A point that appears where the pointer is nearest, with what it tells."""
    nearest = {"type": "point", "nearest": True, "on": "pointerover", "fields": [name], "clear": "pointerout"}
    shown = {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0}
    return {
        "params": [{"name": "near", "select": nearest}],
        "mark": {"type": "point", "filled": True, "size": 60, "color": "$accent"},
        "encoding": {"y": {"field": y, "type": "quantitative"}, "opacity": shown, "tooltip": _told(*tooltip)},
    }


def _chart(data: str, height: int | Spec, **rest: Any) -> Spec:
    fit = {"type": "fit-x", "contains": "padding"}
    return {"$schema": SCHEMA, "width": "container", "height": height, "autosize": fit, "data": {"name": data}, **rest}


def _named(sort: object) -> Spec:
    axis = {"title": None, "ticks": False, "domain": False}
    return {"field": "name", "type": "nominal", "sort": sort, "axis": axis}


def members() -> Spec:
    """Members by day; a strip below the line where days were reconstructed, dashes where the definition changed."""
    y = _number("members")
    edited = {"mark": {"type": "rule", "strokeDash": [4, 3], "color": "$muted"}, "data": {"name": "edits"}}
    strip = {"type": "rect", "color": "$muted", "opacity": 0.18, "clip": True}
    told = (("day", "Day", "day"), ("members", "Members", "number"))
    return _chart(
        "days",
        240,
        encoding={"x": _day()},
        layer=[
            {
                "data": {"name": "reconstructed"},
                "mark": strip,
                "encoding": {"x": _day(), "x2": {"field": "until"}, "y": {"value": 234}, "y2": {"value": 240}},
            },
            {"mark": {"type": "area", "color": "$accent", "opacity": 0.12}, "encoding": {"y": y}},
            {"mark": {"type": "line", "color": "$accent", "strokeWidth": 2}, "encoding": {"y": y}},
            edited,
            _near("day", *told, y="members"),
        ],
    )


def moves() -> Spec:
    """Entries upwards and exits downwards, by day."""
    calculated = [{"calculate": "-datum.exits", "as": "out"}]
    axis = {
        "title": None,
        "format": ",d",
        "tickCount": 5,
        "tickMinStep": 1,
        "labelExpr": "format(abs(datum.value), ',d')",
    }
    told = _told(("day", "Day", "day"), ("entries", "Entered", "number"), ("exits", "Left", "number"))
    x = _day(timeUnit="utcyearmonthdate")
    entered = {"x": x, "y": {"field": "entries", "type": "quantitative", "axis": axis}, "tooltip": told}
    left = {"x": x, "y": {"field": "out", "type": "quantitative"}, "tooltip": told}
    return _chart(
        "moves",
        200,
        transform=calculated,
        layer=[
            {"mark": {"type": "bar", "color": "$accent"}, "encoding": entered},
            {"mark": {"type": "bar", "color": "$out"}, "encoding": left},
            {"mark": {"type": "rule", "color": "$line"}, "encoding": {"y": {"datum": 0}}},
        ],
    )


def _heatmap(data: str, field: str) -> Spec:
    axis = {"title": None, "ticks": False, "domain": False}
    colour = {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": ["$cold", "$hot"]},
        "legend": None,
    }
    ink = {"condition": {"test": f"datum.{field} > $turn", "value": "$hot-ink"}, "value": "$ink"}
    told = _told(
        ("start", "Entered from", "text"),
        ("size", "Entered", "number"),
        ("period", "Periods later", "number"),
        (field, "Share", "share"),
    )
    period = {
        "field": "period",
        "type": "ordinal",
        "axis": {"title": None, "orient": "top", "labelAngle": 0, "ticks": False, "domain": False},
    }
    return _chart(
        data,
        {"step": 26},
        encoding={"x": period, "y": {"field": "start", "type": "ordinal", "axis": axis}, "tooltip": told},
        layer=[
            {
                "mark": {"type": "rect", "cornerRadius": 2, "stroke": "$paper", "strokeWidth": 2},
                "encoding": {"color": colour},
            },
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {"text": {"field": field, "type": "quantitative", "format": ".0%"}, "color": ink},
            },
        ],
    )


def survival() -> Spec:
    """The share of stays that last longer, with its 95 % interval."""
    x = _number("days", "days since entry")
    step = {"interpolate": "step-after"}
    told = (
        ("days", "Days since entry", "number"),
        ("survival", "Still in", "share"),
        ("low", "At least", "share"),
        ("high", "At most", "share"),
        ("at_risk", "Stays watched", "number"),
    )
    return _chart(
        "survival",
        240,
        encoding={"x": x},
        layer=[
            {
                "transform": [{"filter": "datum.low !== null"}],
                "mark": {"type": "area", "color": "$accent", "opacity": 0.15, **step},
                "encoding": {"y": _share("low"), "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "color": "$accent", "strokeWidth": 2, **step},
                "encoding": {"y": _share("survival")},
            },
            _near("days", *told, y="survival"),
        ],
    )


def overlap() -> Spec:
    """How much of this segment is in each of the others."""
    told = _told(
        ("name", "Segment", "text"),
        ("both", "In both", "number"),
        ("share", "Of this segment", "share"),
        ("jaccard", "Of either (Jaccard)", "share"),
    )
    return _chart(
        "overlap",
        {"step": 24},
        mark={"type": "bar", "color": "$accent", "cornerRadiusEnd": 2, "height": {"band": 0.68}},
        encoding={"x": _share("share"), "y": _named("-x"), "tooltip": told},
    )


def flows() -> Spec:
    """Where those who joined came from, to the right, and where those went who left, to the left."""
    axis = {
        "title": None,
        "format": ",d",
        "tickCount": 5,
        "tickMinStep": 1,
        "labelExpr": "format(abs(datum.value), ',d')",
    }
    colour = {
        "field": "way",
        "type": "nominal",
        "scale": {"domain": ["joined from", "left to"], "range": ["$accent", "$out"]},
        "legend": {"title": None, "orient": "top"},
    }
    told = _told(("name", "Segment", "text"), ("way", "Way", "text"), ("subjects", "Subjects", "number"))
    return _chart(
        "flows",
        {"step": 24},
        transform=[{"calculate": "datum.way === 'left to' ? -datum.subjects : datum.subjects", "as": "signed"}],
        mark={"type": "bar", "cornerRadiusEnd": 2, "height": {"band": 0.68}},
        encoding={
            "x": {"field": "signed", "type": "quantitative", "axis": axis, "stack": "zero"},
            "y": _named({"field": "subjects", "op": "sum", "order": "descending"}),
            "color": colour,
            "tooltip": told,
        },
    )


def waterfall() -> Spec:
    """How many are left after each condition of the rule; behind it those who pass the condition alone."""
    y = _named({"field": "step"})
    told = _told(
        ("name", "Condition", "text"),
        ("passing", "Left so far", "number"),
        ("alone", "Pass it alone", "number"),
        ("lost", "Lost here", "number"),
    )
    return _chart(
        "waterfall",
        {"step": 30},
        encoding={"y": y, "tooltip": told},
        layer=[
            {
                "mark": {"type": "bar", "color": "$faint", "height": {"band": 0.72}},
                "encoding": {"x": _number("alone")},
            },
            {
                "mark": {"type": "bar", "color": "$accent", "height": {"band": 0.4}},
                "encoding": {"x": _number("passing")},
            },
        ],
    )


def outcomes() -> Spec:
    """The share of each variant that reached the goal, with its 95 % interval."""
    told = _told(
        ("name", "Variant", "text"),
        ("enrolled", "Enrolled", "number"),
        ("rate", "Reached the goal", "share"),
        ("low", "At least", "share"),
        ("high", "At most", "share"),
    )
    return _chart(
        "outcomes",
        {"step": 34},
        encoding={"y": _named(None), "tooltip": told},
        layer=[
            {
                "mark": {"type": "rule", "color": "$accent", "strokeWidth": 2},
                "encoding": {"x": _number("low", None, ".0%"), "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": "$accent", "opacity": 1},
                "encoding": {"x": _number("rate", None, ".0%", scale={"zero": True})},
            },
        ],
    )


def deliveries() -> Spec:
    """Subjects that each delivery added and removed."""
    axis = {
        "title": None,
        "format": ",d",
        "tickCount": 5,
        "tickMinStep": 1,
        "labelExpr": "format(abs(datum.value), ',d')",
    }
    told = _told(
        ("day", "As of", "day"),
        ("added", "Added", "number"),
        ("removed", "Removed", "number"),
        ("members", "Then there", "number"),
    )
    narrow = {"expr": "min(28, bandwidth('x') * 0.6)"}
    x = {"field": "number", "type": "ordinal", "axis": {"title": "delivery", "labelAngle": 0}}
    return _chart(
        "deliveries",
        180,
        transform=[{"calculate": "-datum.removed", "as": "out"}],
        encoding={"x": x, "tooltip": told},
        layer=[
            {
                "mark": {"type": "bar", "color": "$accent", "width": narrow},
                "encoding": {"y": {"field": "added", "type": "quantitative", "axis": axis}},
            },
            {
                "mark": {"type": "bar", "color": "$out", "width": narrow},
                "encoding": {"y": {"field": "out", "type": "quantitative"}},
            },
        ],
    )


def charts() -> Mapping[str, Spec]:
    """All charts by name."""
    return {
        "members": members(),
        "moves": moves(),
        "weeks": _heatmap("weeks", "share"),
        "months": _heatmap("months", "share"),
        "survival": survival(),
        "overlap": overlap(),
        "flows": flows(),
        "waterfall": waterfall(),
        "outcomes": outcomes(),
        "deliveries": deliveries(),
    }


def charts_script() -> str:
    """The specifications as a script that the pages load."""
    return f"window.musterCharts = {json.dumps(charts(), indent=1, sort_keys=True)};\n"
