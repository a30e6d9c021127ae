"""A sequence diagram of a run that failed: one HTML file with SVG lanes, time downwards, faults and the end marked."""

from html import escape
from typing import Final

from chatproto.simulation.run import Verdict
from chatproto.simulation.trace import Line

LAST: Final = 400
"""Lines that are drawn, up to the one that broke."""
LANE: Final = 190
ROW: Final = 20
TOP: Final = 70
STYLE: Final = """
body { font: 14px system-ui, sans-serif; margin: 24px; color: #1c2733; background: #fff }
svg text { font: 11px ui-monospace, monospace } .lane { font: 600 13px system-ui; text-anchor: middle }
.line { stroke: #c8d2dc } .message { stroke: #2f6fb2; marker-end: url(#head) }
.fault { fill: #b3261e; font-weight: 600 }
.time { fill: #6b7885 } .broken { fill: #fde3e1 } pre { background: #f3f6f9; padding: 12px; overflow: auto }
"""


def html(verdict: Verdict, command: str) -> str:
    """The page. `command` replays the run."""
    lines = verdict.trace.lines[-LAST:]
    title = f"seed {verdict.seed}: {verdict.code}"
    counts = "\n".join(f"{name}: {count}" for name, count in sorted(verdict.trace.counts.items()))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style></head><body>
<h1>{escape(title)}</h1><p>{escape(verdict.detail)}</p>
<p>Replay: <code>{escape(command)}</code></p>
<p>{len(verdict.trace.lines)} lines in {verdict.ticks} steps, {verdict.milliseconds / 1000:.1f} s of virtual time;
the last {len(lines)} are drawn. Point at a line to read all of it.</p>
{_svg(lines)}
<h2>Options</h2><pre>{escape(repr(verdict.options))}</pre><h2>Counts</h2><pre>{escape(counts)}</pre>
</body></html>
"""


def _svg(lines: list[Line]) -> str:
    lanes = _lanes(lines)
    width, height = 110 + LANE * len(lanes), TOP + ROW * (len(lines) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#2f6fb2"/></marker></defs>',
    ]
    for lane, x in lanes.items():
        parts.append(f'<text class="lane" x="{x}" y="40">{escape(lane)}</text>')
        parts.append(f'<line class="line" x1="{x}" y1="50" x2="{x}" y2="{height}"/>')
    for number, line in enumerate(lines):
        parts += _row(line, TOP + ROW * number, lanes, width, last=number == len(lines) - 1)
    return "\n".join([*parts, "</svg>"])


def _lanes(lines: list[Line]) -> dict[str, int]:
    """Clients, then servers, then storage; the world's doings stand at the left."""
    named = {name for line in lines for name in (line.lane, line.to) if name is not None}
    ordered = sorted(named - {"world"}, key=lambda name: (name == "database", name.startswith("server "), name))
    return {name: 200 + LANE * place for place, name in enumerate(ordered)}


def _row(line: Line, y: int, lanes: dict[str, int], width: int, *, last: bool) -> list[str]:
    parts = [f"<g><title>{escape(str(line))}</title>"]
    if last:
        parts.append(f'<rect class="broken" x="0" y="{y - 14}" width="{width}" height="{ROW}"/>')
    parts.append(f'<text class="time" x="4" y="{y}">{line.at / 1000:.3f}</text>')
    text = escape(line.text if len(line.text) <= 60 else line.text[:57] + "…")
    if line.fault:
        parts.append(f'<text class="fault" x="80" y="{y}">{text}</text>')
    elif line.to in lanes and line.lane in lanes:
        start, end = lanes[line.lane], lanes[line.to]
        parts.append(f'<line class="message" x1="{start}" y1="{y - 4}" x2="{end}" y2="{y - 4}"/>')
        parts.append(f'<text x="{min(start, end) + 8}" y="{y - 7}">{text}</text>')
    else:
        parts.append(f'<text x="{lanes.get(line.lane, 80) + 6}" y="{y}">{text}</text>')
    return [*parts, "</g>"]
