"""Reads an exported data directory; the only reader, so that a change of columns is met in one place."""
import surroundings  # before all others: it keeps settings of the user away from them
import argparse
import itertools
import json
import math
import os
import re
import shlex
import sys

import pandas

import captions

BAD_DATA = 2         # the directory is not an export, or is damaged
NOT_APPLICABLE = 4   # a good export that has nothing for this figure
NO_ROOM = 5          # the disk or the memory does not hold the figure; any other code is a bug of the script

MOST_FIGURES = 24    # of one script: beyond it nobody looks, and a sweep over shapes would fill the disk

# Columns of numbers beside the fields of a point, which the run record lists.
NUMBERS = ["kv_cache_bytes", "score_bytes", "workspace_bytes", "peak_bytes", "process_peak_bytes",
           "required_flops", "executed_flops", "required_exps", "executed_exps", "n_rounds", "median_s", "low_s",
           "high_s", "p5_s", "p95_s", "compulsory_bytes", "product_flops", "bound_s", "time_over_bound", "samples_below_bound",
           "bandwidth_share", "ratio", "ratio_low", "ratio_high", "seconds", "exponent",
           "low", "high", "first_step", "last_step", "median_exponent", "median_low", "median_high", "stratum", "round", "wall_s",
           "learning_rate", "step_s", "test_error", "step", "loss"]


class DataError(Exception):
    """The data directory cannot be read; the message says which file and what to do."""


class NotApplicable(Exception):
    """This export has too few points or axes for the figure; the message says what is missing."""


class Export:
    """What every export has: a directory, and its run record (dict)."""

    KIND = None   # of the run record
    OF = ""       # what a figure of this kind is drawn from
    numbers = []  # columns of its tables that hold numbers

    def __init__(self, directory):
        self.directory = directory
        self.run = self._run()
        if self.run.get("kind") != self.KIND:
            raise NotApplicable(f"this figure shows {self.OF}, which this export has not")

    def _path(self, name):
        path = os.path.join(self.directory, name)
        if not os.path.isfile(path):
            raise DataError(f"{path}: no such file; write it with `headcount export RESULT --format csv "
                            f"--output {shlex.quote(str(self.directory))}`")
        return path

    def _run(self):
        path = self._path("run.json")
        try:
            with open(path, encoding="utf-8") as file:
                run = json.load(file)
        except (ValueError, OSError) as error:
            raise DataError(f"{path}: {error}; export the result again") from error
        if not isinstance(run, dict):
            raise DataError(f"{path}: not a run record; export the result again")
        return run

    def _need_counts(self, *names):
        for name in names:
            if not isinstance(self.run.get(name), int) or self.run[name] < 1:
                raise DataError(f"{self.directory}/run.json: {name} is missing or below 1; export the result again")

    def _table(self, name, columns):
        path = self._path(name)
        try:
            table = pandas.read_csv(path, dtype=str, keep_default_na=False)
        except (ValueError, OSError) as error:
            raise DataError(f"{path}: {error}; export the result again") from error
        missing = [column for column in columns if column not in table.columns]
        if missing:
            raise DataError(f"{path}: column {', '.join(missing)} is missing; export the result again")
        for column in self.numbers:
            if column in table.columns:
                try:
                    table[column] = pandas.to_numeric(table[column].mask(table[column] == "", float("nan")))
                except ValueError as error:
                    raise DataError(f"{path}: column {column}: {error}; export the result again") from error
        return table

    def _names(self, name, key, value):
        """A table of two columns as a dictionary."""
        table = self._table(name, [key, value])
        return dict(zip(table[key], table[value]))

    def _rows(self, name, keys, columns):
        """A table with one row for each combination of the keys; rows without the first of the columns are left out."""
        table = self._table(name, keys + columns)
        if table.duplicated(keys).any() or table[keys].isna().any(axis=None):
            raise DataError(f"{self.directory}/{name}: rows are not told apart by {', '.join(keys)}; export again")
        return table[table[columns[0]].notna()].sort_values(keys)

    def machine_and_commit(self):
        environment = self.run.get("environment", {})
        commit = environment.get("commit", "unavailable")
        dirty = environment.get("dirty", "")
        if commit not in ("", "unavailable") and not commit.startswith("unavailable"):
            commit = commit[:12] + (" with local changes" if dirty in ("true", "1", "yes", "dirty") else "")
        return environment.get("cpu.model", "unavailable"), commit


class Frame(Export):
    """Tables of measured points: points, breakdown, shares (pandas)."""

    OF = "measured points"

    def __init__(self, directory):
        super().__init__(directory)
        fields = self.run.get("fields")
        if not isinstance(fields, list) or not all(
                isinstance(field, dict) and {"name", "type", "facet"} <= field.keys() for field in fields):
            raise DataError(f"{directory}/run.json: it does not list the fields of a point; export the result again")
        # Of every point, and what variants and backends add; an alias (seq_len) has no column of its own.
        self.fields = [field for field in fields if "of" not in field and not field.get("stands_for")]
        self.options = list(dict.fromkeys(field["name"] for field in fields if "of" in field))
        self.numbers = NUMBERS + [field["name"] for field in self.fields if field["type"] == "integer"]
        self.points = self._table("points.csv", ["point", "outcome"] + [field["name"] for field in self.fields])
        self.breakdown = self._table("breakdown.csv", ["point", "verb", "role", "seconds", "share", "low_s", "high_s"])
        self.shares = self._table("shares.csv", ["share", "label"])
        self.libraries = self._names("libraries.csv", "backend", "library")
        self.instruction_sets = self._names("instruction_sets.csv", "instruction_set", "label")
        self._describe_points()

    def _describe_points(self):
        """Adds the columns figures facet by: how a point differs from plain self-attention, in words."""
        p = self.points
        if p["point"].duplicated().any():
            raise DataError(f"{self.directory}/points.csv: a point stands twice; export the result again")
        p["length"] = p["kv_len"]
        p["lengths"] = ["" if q == k else f"q_len {q:.0f}" for q, k in zip(p["q_len"], p["kv_len"])]
        p["kv"] = ["" if k == h else f"{k:.0f} kv heads" for k, h in zip(p["num_kv_heads"], p["num_heads"])]
        p["width"] = ["" if h * d == e else f"head_dim {d:.0f}"
                      for h, d, e in zip(p["num_heads"], p["head_dim"], p["embed_dim"])]
        # A point that lacks an option does not differ in it from those that have it.
        options = [option for option in self.options if option in p.columns and p[option][p[option] != ""].nunique() > 1]
        p["others"] = [", ".join(f"{option} {row[option]}" for option in options if row[option] != "")
                       for _, row in p.iterrows()]
        flags = [field["name"] for field in self.fields if field["type"] == "boolean"]
        for flag in flags:
            p[flag] = [flag if value.lower() in ("true", "1") else "" for value in p[flag]]
        p["flags"] = [", ".join(flag for flag in flags if row[flag]) for _, row in p.iterrows()]

    def figure_fields(self):
        """Columns in which points of one figure agree: each combination of their values is a figure of its own."""
        told = [field["name"] for field in self.fields if field["facet"] in ("meaning", "execution")]
        return ["backend", *told, "batch", "embed_dim", "lengths", "kv", "width", "others"]

    def exponents(self):
        """How time grows with the length, by the id of each series' shortest point."""
        return self._table("exponents.csv", ["point", "exponent", "low", "high", "first_step", "last_step", "median_exponent",
                                              "median_low", "median_high"]).set_index("point")

    def samples(self):
        """One row a visit of a point: the seconds of a pass, and the round in which they were taken."""
        return self._table("samples.csv", ["point", "group", "stratum", "round", "wall_s"])

    def trainings(self):
        """One row a training: what it learned, and how long a step took."""
        return self._table("trainings.csv", ["point", "group", "round", "step_s", "test_error"])

    def curves(self):
        """The mean loss in equal stretches of each training; `step` is the end of a stretch."""
        return self._table("curves.csv", ["point", "group", "round", "step", "loss"])

    def need(self, columns):
        """Raises DataError when points.csv lacks a column."""
        missing = [column for column in columns if column not in self.points.columns]
        if missing:
            raise DataError(f"{self.directory}/points.csv: column {', '.join(missing)} is missing; export again")

    def origin(self, points=None):
        """What the points share, what the config leaves out of the machine, then processor, libraries, config, commit."""
        cpu, commit = self.machine_and_commit()
        name = self.run.get("name", "unnamed")
        config_hash = self.run.get("config_hash", "")
        told = self.points if points is None else points
        return (f"{captions.conditions(told)}. {captions.crowded(told)}{captions.left_out(self.run)}Processor: {cpu}. {captions.libraries(told, self.libraries)}. "
                f"Config: {name}{' ' + config_hash[:12] if config_hash else ''}. Commit: {commit}.")


def length_name(points):
    """The name of the length that `length` holds: seq_len where queries and keys are as many."""
    return "seq_len" if (points["q_len"] == points["kv_len"]).all() else "kv_len"


TITLES = {"num_threads": "{:.0f} threads", "batch": "batch {:.0f}", "embed_dim": "embed_dim {:.0f}", "length": "L = {:.0f}"}
SPARED = ("batch", "embed_dim", "lengths")  # besides options: titles name them where nothing else tells figures apart


def title_words(fields, key, varying):
    """What a title may name, as (what it is, word): fields that vary, backend and scope."""
    for field, value in zip(fields, key):
        if field == "others" and field in varying:
            yield from ((("option", word.split()[0]), word) for word in value.split(", ") if word)
        elif field in varying or field in ("backend", "scope"):
            text = TITLES.get(field, "{}").format(value)
            if text:
                yield field, "1 thread" if text == "1 threads" else text


def spared(titles):
    """Kinds of words that are not needed to tell the titles apart: a title names what it has to, the caption the rest."""
    kinds = list(dict.fromkeys(kind for words in titles for kind, _ in words))
    dropped = set()
    for kind in reversed(kinds):
        if kind not in SPARED and not isinstance(kind, tuple):
            continue
        left = {tuple((k, word) for k, word in words if k != kind and k not in dropped) for words in titles}
        if len(left) == len(titles):
            dropped.add(kind)
    return dropped


def figures(points, fields):
    """Yields (file suffix, title, points) for each combination of the fields. Titles name those that vary, as far as they
    tell figures apart; what they spare stands in the column `untold`, for the caption."""
    if points.empty:
        return
    varying = [field for field in fields if points[field].nunique() > 1]
    parts = list(points.groupby(fields, sort=True))
    titles = [list(title_words(fields, key, varying)) for key, _ in parts]
    dropped = spared(titles)
    for (_, part), words in zip(parts, titles):
        told = [word for kind, word in words if kind not in dropped]
        suffix = "_".join(re.sub(r"[\W_]+", "-", word) for word in told)
        yield suffix, ", ".join(told), part.assign(untold=", ".join(
            word for kind, word in words if kind in dropped and kind != "batch"))  # batches are told with the conditions


# What a script's SHOWS says, for `headcount lint`; style.hold_to() compares it with every figure drawn.
#   of                "points", "heads", "pruning": the kind of export that it draws, told by main
#   quantities        of "time", "ratio", "rate", "count"
#   summary           how repeated values became one: "median", "mean", "none"
#   bars              what error bars are: "95 % intervals" (of all but what `single` names), "ranges", "" for none
#   single            what is measured and shown without an interval
#   assumes           what its intervals take for granted beyond ranks
#   base              where the absolute value of a ratio's base stands
#   lines_over        the ordered number along which lines connect markers
#   bound             which upper bound of performance is drawn
#   left_out, left_out_because
#   spread            how samples are shown that one middle value does not describe
#   needs             "trainings" where only trained models are drawn
DESCRIPTION = {"of": str, "quantities": list, "summary": str, "bars": str, "single": str, "assumes": str,
               "base": str, "lines_over": str, "bound": str, "left_out": str, "left_out_because": str, "spread": str, "needs": str}


def description(shows):
    """The description completed with what it leaves empty; KeyError for a field that is none."""
    full = {field: shows.get(field, kind()) for field, kind in DESCRIPTION.items()}
    for field, value in shows.items():
        if not isinstance(value, DESCRIPTION[field]):
            raise TypeError(f"SHOWS: {field} is no {DESCRIPTION[field].__name__}")
    return full


def inches(text):
    """Of a length with its unit; ValueError, which the parser tells, where it is none or no figure fits."""
    units = {"in": 1, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
    value = float(text[:-2]) * units[text[-2:]] if text[-2:] in units else math.nan
    if not 2.5 <= value <= 20:
        raise ValueError(text)
    return value


class Describe(argparse.Action):
    """--describe: prints what the figure shows and ends, like --help."""

    def __call__(self, parser, namespace, values, option_string=None):
        print(json.dumps(self.const))
        parser.exit()


def main(name, draw, shows, reader=Frame):
    """Runs one figure script. `draw(data)` yields (suffix, figure) of what the reader read; the files written are
    printed."""
    shows = description(shows | {"of": reader.KIND or "points"})
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__,
                                     epilog="Exit codes: 0 drawn; 2 bad data or usage; 4 not applicable to this data; "
                                            "5 no disk or memory for it; others: a bug.")
    parser.add_argument("data", metavar="DATA_DIR", help="directory written by `headcount export --format csv`")
    parser.add_argument("output", metavar="OUT_DIR", help="where the figures go")
    parser.add_argument("--format", default="png,svg,pdf", help="png, svg, pdf; several with commas (default: all)")
    parser.add_argument("--width", type=inches, metavar="LENGTH",
                        help="of the widest figure, as 3.3in, 84mm, 8.4cm or 240pt: a column of a journal")
    parser.add_argument("--caption", choices=["inside", "beside"], default="inside",
                        help="beside: no title and caption in the figure but NAME_caption.tex, for a paper's own")
    parser.add_argument("--describe", action=Describe, nargs=0, const=shows,
                        help="print what the figure shows, as JSON, and end")
    arguments = parser.parse_args()
    formats = arguments.format.split(",")
    unknown = [f for f in formats if f not in ("png", "svg", "pdf")]
    if unknown:
        parser.error(f"unknown format '{unknown[0]}' (png, svg, pdf)")
    import style  # matplotlib starts slowly: bad usage is told first
    style.Width.inches = arguments.width or style.Width.inches
    style.Caption.inside = arguments.caption == "inside"
    try:
        written = []
        figures = draw(reader(arguments.data))
        for suffix, figure in itertools.islice(figures, MOST_FIGURES):
            stem = f"{name}_{suffix}" if suffix else name
            style.hold_to(figure, shows, stem)
            written += style.save(figure, arguments.output, stem, formats)
        if not written:
            raise NotApplicable("no point is left to draw")
        if next(figures, None) is not None:
            print(f"{name}: only the first {MOST_FIGURES} figures are drawn; for others run a narrower "
                  "sweep (--set, --filter)", file=sys.stderr)
    except NotApplicable as reason:
        print(reason)
        return NOT_APPLICABLE
    except DataError as error:
        print(error, file=sys.stderr)
        return BAD_DATA
    except (OSError, MemoryError) as error:
        print(f"{name}: {str(error) or 'no memory left'}", file=sys.stderr)
        return NO_ROOM
    for path in written:
        print(path)
    return 0
