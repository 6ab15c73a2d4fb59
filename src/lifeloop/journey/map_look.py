"""The colours and the icons of the map. Icons are paths on a 24 by 24 field, stroked."""

from __future__ import annotations

from lifeloop.journey.map_words import Kind

ICONS: dict[Kind, str] = {
    "start": "M7 4.5v15l12-7.5z",
    "send": "M3 6h18v12H3zM3.5 6.5l8.5 7 8.5-7",
    "wait": "M12 3a9 9 0 1 0 .01 0M12 7v5.5l3.5 2",
    "listen": "M12 20.5v0M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    "if": "M12 3v5M12 8l-7 7v6M12 8l7 7v6",
    "choose": "M12 3v5M12 8l-8 6v7M12 8v13M12 8l8 6v7",
    "split": "M4 12h6M10 12l9-6M10 12l9 6M15.5 5.5l3.5.5-1 3.5M18 14.5l1 3.5-3.5.5",
    "repeat": "M4 11a8 8 0 0 1 14-4.5L20 9M20 4v5h-5M20 13a8 8 0 0 1-14 4.5L4 15M4 20v-5h5",
    "set": "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
    "record": "M12 5a7 7 0 1 0 .01 0M12 10a2 2 0 1 0 .01 0",
    "call": "M13 3L5 14h6l-1 7 8-11h-6z",
    "ask": "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5M12 2.8a9.2 9.2 0 1 0 .01 0",
    "enter": "M4 12h15M13 6l6 6-6 6",
    "milestone": "M6 21V4M6 4h12l-3 4 3 4H6",
    "stop": "M7 7h10v10H7z",
}

FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'

LIGHT = {
    "paper": "#f7f8fa",
    "card": "#fff",
    "edge": "#dfe3ea",
    "ink": "#1c2430",
    "soft": "#5d6878",
    "way": "#b4bdca",
    "tag": "#eaeef4",
    "blue": "#2563eb",
    "violet": "#7c3aed",
    "teal": "#0d8074",
    "amber": "#b45309",
    "green": "#15803d",
    "pink": "#be185d",
    "grey": "#5b6675",
}
DARK = {
    "paper": "#12161d",
    "card": "#1b212b",
    "edge": "#323b49",
    "ink": "#eef2f7",
    "soft": "#a3afbf",
    "way": "#4d596a",
    "tag": "#28313e",
    "blue": "#7aa7ff",
    "violet": "#b79bff",
    "teal": "#4fd1c1",
    "amber": "#f2b15c",
    "green": "#63d48b",
    "pink": "#f58fc0",
    "grey": "#9aa7b8",
}
COLOUR_OF: dict[str, tuple[Kind, ...]] = {
    "green": ("start", "milestone"),
    "blue": ("send",),
    "amber": ("wait", "listen", "ask"),
    "violet": ("if", "choose", "split"),
    "teal": ("call", "set", "record"),
    "pink": ("enter",),
    "grey": ("stop", "repeat"),
}


def _palette(colours: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in colours.items())


def _css() -> str:
    tints = "".join(
        f"{','.join(f'.{kind}' for kind in kinds)}{{--tint:var(--{name})}}" for name, kinds in COLOUR_OF.items()
    )
    return (
        f"svg{{{_palette(LIGHT)};color-scheme:light dark;font-family:{FONT}}}"
        f"@media(prefers-color-scheme:dark){{svg{{{_palette(DARK)}}}}}"
        f"{tints}"
        ".paper{fill:var(--paper)}"
        ".card{fill:var(--card);stroke:var(--edge)}"
        ".start .card,.milestone .card{stroke:var(--tint)}"
        ".wait .card,.stop .card{fill:var(--paper)}"
        ".stop .card{stroke:var(--tint)}"
        ".disc{fill:var(--tint);opacity:.14}"
        ".icon,.loop{fill:none;stroke:var(--tint);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}"
        ".loop{stroke:var(--soft)}"
        ".start .icon,.stop .icon{fill:var(--tint)}"
        ".way{fill:none;stroke:var(--way);stroke-width:2}"
        ".frame{fill:none;stroke:var(--way);stroke-width:1.5;stroke-dasharray:5 5}"
        ".rule{stroke:var(--edge)}"
        ".tag{fill:var(--tag);stroke:var(--paper);stroke-width:3}"
        ".title{font-size:20px;font-weight:650;fill:var(--ink)}"
        ".label{font-size:13px;font-weight:600;fill:var(--ink)}"
        ".detail{font-size:11.5px;fill:var(--soft)}"
        ".small,.arm{font-size:11.5px;font-weight:600;fill:var(--soft)}"
        ".arm{text-anchor:middle}"
    )


CSS = _css()
