#!/usr/bin/env python3
"""Draws docs/demo.svg, the picture in the README, from the demo's own output.

Run it from the root of the repository, with nothing but Python's standard library:

    python3 docs/demo.py

It plays `cargo sandbox --demo` in a pseudo-terminal and draws the first scenes as a terminal window.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata
from html import escape
from itertools import groupby
from pathlib import Path

COMMAND = ["cargo", "sandbox", "--demo"]
COLUMNS = 80
# The scenes before this one are drawn: a picture of all of them would be too long for a README.
END = "Margaret asks"
TARGET = Path(__file__).with_name("demo.svg")

CELL, LINE, FONT = 8.4, 20, 14
MARGIN, BAR = 20, 40
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
BACKGROUND, FRAME, TEXT, DIM = "#16181d", "#3a3f4b", "#d7dae0", "#8b93a1"
COLOURS = {31: "#e06c75", 32: "#98c379", 33: "#e5c07b", 34: "#7aa2f7", 36: "#56c8d8", 97: "#ffffff"}
BACKGROUNDS = {44: "#4a63d8"}


def play():
    """What the demo writes to a terminal of COLUMNS columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    demo = subprocess.Popen(COMMAND, stdin=its, stdout=its, stderr=subprocess.DEVNULL)
    os.close(its)
    output = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed.
            break
        if not piece:
            break
        output += piece
    if demo.wait() != 0:
        raise SystemExit(f"{' '.join(COMMAND)} failed")
    return output.decode().replace("\r", "")


def width(text):
    """The columns that a text takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return wide + sum(not unicodedata.combining(c) for c in text)


def runs(line):
    """The parts of a line that look alike: column, text, and the SGR codes in force."""
    codes, parts = set(), []
    for escape_codes, text in re.findall(r"\x1b\[([\d;]*)m|([^\x1b]+)", line):
        if text:
            parts.append((frozenset(codes), text))
            continue
        for code in map(int, (escape_codes or "0").split(";")):
            codes = set() if code == 0 else codes | {code}
    column = 0
    for codes, alike in groupby(parts, key=lambda part: part[0]):
        text = "".join(text for _, text in alike)
        yield column, text, codes
        column += width(text)


def draw_run(column, text, codes, top):
    """One run as SVG. Its width is fixed, whatever font the reader has."""
    x = MARGIN + column * CELL
    for code, colour in BACKGROUNDS.items():
        if code in codes:
            size = f'width="{width(text) * CELL:.1f}" height="{LINE - 3}"'
            yield f'<rect x="{x:.1f}" y="{top + 1}" {size} rx="3" fill="{colour}"/>'
    shown = text.strip(" ")
    if not shown:
        return
    x += (len(text) - len(text.lstrip(" "))) * CELL
    colour = next((COLOURS[code] for code in COLOURS if code in codes), None)
    colour = colour or (DIM if 2 in codes else TEXT)
    weight = ' font-weight="bold"' if 1 in codes else ""
    length = f'textLength="{width(shown) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
    y = top + LINE - 6
    yield f'<text x="{x:.1f}" y="{y}" fill="{colour}"{weight} {length}>{escape(shown)}</text>'


def draw(lines):
    """A terminal window with these lines."""
    w = round(2 * MARGIN + COLUMNS * CELL)
    h = BAR + len(lines) * LINE + MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" '
        f'font-family="{FONTS}" font-size="{FONT}" style="white-space: pre" xml:space="preserve">'
    )
    size = f'width="{w - 1}" height="{h - 1}"'
    yield f'<rect x=".5" y=".5" {size} rx="9" fill="{BACKGROUND}" stroke="{FRAME}"/>'
    for x, colour in zip((22, 42, 62), ("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{x}" cy="20" r="6" fill="{colour}"/>'
    title = " ".join(COMMAND)
    yield f'<text x="{w / 2:.0f}" y="25" fill="{DIM}" text-anchor="middle">{title}</text>'
    for number, line in enumerate(lines):
        for run in runs(line):
            yield from draw_run(*run, BAR + number * LINE)
    yield "</svg>"


def main():
    """Plays, draws, writes."""
    lines = play().split("\n")
    end = next((at for at, line in enumerate(lines) if END in line), None)
    if end is None:
        raise SystemExit(f"the demo has no scene that begins with {END!r}")
    while not lines[end - 1]:
        end -= 1
    TARGET.write_text("\n".join(draw(lines[:end])) + "\n", encoding="utf-8")
    print(f"{TARGET}: {end} lines")


if __name__ == "__main__":
    main()
