"""What points are called that stand beside each other: the variant, and what tells it from others of its own."""


def implementation(row, beside_others=True):
    """ "streaming/simd"; of a program that is not ours its name alone; of one backend alone "streaming"."""
    if row["variant"] == "external":
        return row["backend"]
    return f"{row['variant']}/{row['backend']}" if beside_others else row["variant"]


def member_names(points):
    """A name for each point: "grouped_query, 2 kv heads", "local, window 64", "streaming"."""
    names = points["variant"].copy()
    for _, rows in points.groupby("variant"):
        shared = set(rows.loc[rows["num_kv_heads"] != rows["num_heads"], "num_kv_heads"])
        for index, row in rows.iterrows():
            words = [row["variant"]]
            # As many as query heads are the rule, and one for all is what multi_query is called after.
            if row["num_kv_heads"] in shared and shared != {1}:
                words.append(f"{row['num_kv_heads']:.0f} kv head" + ("" if row["num_kv_heads"] == 1 else "s"))
            if rows["others"].nunique() > 1 and row["others"]:
                words.append(row["others"])
            names[index] = ", ".join(words)
    return names
