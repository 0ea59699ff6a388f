"""Bars as an SVG that stands in a document: readable without it, in the dark too. Draws nothing else."""

from collections.abc import Sequence
from html import escape

WIDTH, ROW, LEFT, RIGHT, TOP = 640, 26, 170, 90, 44
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.t{font-weight:600;font-size:15px}rect{fill:#2b6cb0}.own{fill:#c05621}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}rect{fill:#63b3ed}.own{fill:#f6ad55}}"
)


def bars(title: str, unit: str, rows: Sequence[tuple[str, float]], own: str = "") -> str:
    """One bar a row, the longest as wide as the picture; the row named `own` stands out."""
    longest = max(value for _, value in rows)
    height = TOP + ROW * len(rows) + 12
    told = "; ".join(f"{name}: {value:g} {unit}" for name, value in rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(told)}</desc><style>{STYLE}</style>',
        f'<text class="t" x="8" y="24">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(rows):
        y, width = TOP + number * ROW, max(1.0, (WIDTH - LEFT - RIGHT) * value / longest)
        mark = ' class="own"' if name == own else ""
        lines.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        lines.append(f'<rect{mark} x="{LEFT}" y="{y}" width="{width:.1f}" height="{ROW - 8}" rx="2"/>')
        lines.append(f'<text x="{LEFT + width + 6:.1f}" y="{y + 14}">{value:g} {escape(unit)}</text>')
    return "\n".join([*lines, "</svg>", ""])
