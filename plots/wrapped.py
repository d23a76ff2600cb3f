"""Breaks a text into lines no wider than so many inches, by the widths that its words have in the font of the figures."""
import functools

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path


@functools.lru_cache(maxsize=None)
def inches(text, size):
    """Width of the text at that size in points."""
    return text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)[0] / 72


def wrapped(text, width, size):
    """Lines, broken at spaces but not at those that do not break (U+00A0); a word that is wider than a line stands in one of its own."""
    lines, taken = [], width
    space = inches("a b", size) - inches("ab", size)
    for word in text.split(" "):
        needed = inches(word, size)
        if lines and taken + space + needed <= width:
            lines[-1] += " " + word
            taken += space + needed
        else:
            lines.append(word)
            taken = needed
    return lines
