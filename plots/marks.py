"""What figures of cost and benefit draw: marks, each a mechanism with a number of heads, and the front of the best."""
import members
import paired
import trained


def alike(rows, fields):
    """Trainings that may stand in one panel: of one group, that differ in nothing but the mechanism and its heads."""
    fields = ["panel", "group", *(f for f in fields if f not in ("kv", "width", "others")), "length"]
    for key, part in rows.groupby(fields):
        within = rows[rows["group"] == key[1]]
        told = [str(value) for field, value in zip(fields, key) if field != "group" and within[field].nunique() > 1 and value]
        yield part.assign(panel=", ".join([key[0], *told]))


def named(rows):
    """With the name of each mechanism, in which points of as many heads differ."""
    rows = rows.reset_index(drop=True)
    rows["name"] = members.member_names(rows)
    for column in ("width", "point"):
        if rows.drop_duplicates("point").duplicated(["name", "num_heads"]).any():
            rows["name"] = [f"{name}, {told}" if told else name for name, told in zip(rows["name"], rows[column])]
    return rows


class Panel:
    """One task and one cost: the trainings, the medians of each mark, and which of them are on the front."""

    def __init__(self, rows, cost):
        self.cost, self.rows = cost, rows[rows[cost] > 0]
        medians = self.rows.groupby("point").agg(
            name=("name", "first"), variant=("variant", "first"), heads=("num_heads", "first"),
            median=("test_error", "median"), cost=(cost, "median"))
        self.marks = medians.sort_values(["name", "heads"])
        self.front = trained.undominated(self.marks, "cost")
        self.rings = self.not_told_from_it()

    def not_told_from_it(self):
        """Marks off the front that none of at most their cost betters for certain; none where too few seeds bound a ratio."""
        seeds, found = paired.Seeds(self.rows), []
        for point, mark in self.marks.drop(self.front).iterrows():
            rivals = self.marks[(self.marks["cost"] <= mark["cost"]) & (self.marks["median"] <= mark["median"])]
            ratios = [seeds.ratio(rival, point) for rival in rivals.index.drop(point)]
            if all(ratio is not None and ratio[2] >= 1 for ratio in ratios):
                found.append(point)
        return found

    def front_names(self):
        """ "multi_query H=4; latent H=8": the front, the cheapest first; a name and its heads do not part."""
        front = self.marks.loc[self.front]
        return "; ".join(f"{name}\N{NO-BREAK SPACE}H={heads:.0f}" for name, heads in zip(front["name"], front["heads"]))
