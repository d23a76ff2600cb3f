"""Numbers beside points, but for those that would stand on one another or on a point."""
import itertools

from wrapped import inches

POINT = 0.03  # inches from the middle of a marker to its edge
GAP = 0.06    # inches between a point and its number


class Labels:
    """Labels of one panel, whose limits and scales are set already."""

    def __init__(self, ax, size):
        self.ax, self.size = ax, size
        ax.get_xlim(), ax.get_ylim()  # which makes limits that follow the data follow them now
        self.boxes = []  # what is taken, in inches: left, right, bottom, top

    def _inches(self, x, y):
        across, up = self.ax.transAxes.inverted().transform(self.ax.transData.transform((x, y)))
        place, figure = self.ax.get_position(), self.ax.figure
        return across * place.width * figure.get_figwidth(), up * place.height * figure.get_figheight()

    def avoid(self, xs, ys):
        """Points that no label may cover."""
        for x, y in zip(xs, ys):
            across, up = self._inches(x, y)
            self.boxes.append((across - POINT, across + POINT, up - POINT, up + POINT))

    def beside(self, text, x, y, sides=(1,), **look):
        """Right of a point (1) or left of it (-1), whichever has room first; nowhere where neither has."""
        across, up = self._inches(x, y)
        width, height = inches(text, self.size), self.size / 72
        for side, above in itertools.product(sides, (0, -1, 1)):
            left = across + GAP if side > 0 else across - GAP - width
            bottom = up - height / 2 + above * height * 0.9
            box = (left, left + width, bottom, bottom + height)
            if any(box[0] < b[1] and b[0] < box[1] and box[2] < b[3] and b[2] < box[3] for b in self.boxes):
                continue
            self.boxes.append(box)
            self.ax.annotate(text, (x, y), textcoords="offset points", xytext=(72 * GAP * side, 72 * (bottom - up + height / 2)),
                             ha="left" if side > 0 else "right", va="center_baseline", fontsize=self.size, **look)
            return
