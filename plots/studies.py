"""Readers of the exports of studies: heads of a trained model, and models that were trained and pruned."""
import frame


class Study(frame.Export):
    """What studies of heads have in common."""

    def origin(self):
        """One line: machine, what computed, commit."""
        cpu, commit = self.machine_and_commit()
        return (f"Machine: {cpu}. Attention: {self.run.get('variant', 'unavailable')} on "
                f"{self.run.get('backend', 'unavailable')}. Commit: {commit}.")


class Heads(Study):
    """Tables of one study of a trained model's heads (`headcount heads`), each read by the figure that shows it."""

    KIND = "heads"
    OF = "a study of the heads of a trained model"
    numbers = ["layer", "head", "head_a", "head_b", "heads_left", "loss", "loss_low", "loss_high", "adjusted_p",
               "recall", "recall_low", "recall_high", "seconds_per_text", "seconds_low", "seconds_high", "value",
               "effective_heads", "low", "high"]

    def __init__(self, directory):
        super().__init__(directory)
        self._need_counts("num_heads", "num_layers", "pairs", "max_tokens")

    def masked(self):
        """What recall at 1 loses without one head, and whether that is harmful: yes, no, or helpful."""
        table = self._rows("heads_masked.csv", ["layer", "head"],
                           ["loss", "loss_low", "loss_high", "adjusted_p", "harmful"])
        if not table["harmful"].isin(["yes", "no", "helpful"]).all():
            raise frame.DataError(f"{self.directory}/heads_masked.csv: harmful is yes, no or helpful; export again")
        return table

    def pruned(self):
        """Recall and time with fewer and fewer heads, removed in the order of importance or a random one."""
        return self._rows("heads_pruned.csv", ["order", "heads_left"], [
            "recall", "recall_low", "recall_high", "seconds_per_text", "seconds_low", "seconds_high"])

    def alike(self):
        """How alike two heads of a layer are, by several measures."""
        return self._rows("heads_alike.csv", ["layer", "model", "measure", "head_a", "head_b"], ["value"])

    def effective(self):
        """How many unlike heads a layer has in effect."""
        return self._rows("heads_effective.csv", ["layer", "model"], ["effective_heads", "low", "high"])

    def model(self):
        return str(self.run.get("model", "unnamed"))

    def texts(self):
        return f"{self.run['pairs']} pairs of texts of at most {self.run['max_tokens']} tokens"


class Pruning(Study):
    """Tables of one study of models that were trained and pruned (`headcount heads POINT`)."""

    KIND = "pruning"
    OF = "a study of models that were trained and pruned"
    numbers = ["heads_left", "error", "error_low", "error_high", "pass_s", "pass_low", "pass_high", "saved_s",
               "saved_low", "saved_high"]

    def __init__(self, directory):
        super().__init__(directory)
        self._need_counts("num_heads", "num_layers", "seeds", "examples", "batch")

    def curve(self):
        """Error and time over heads left, of models pruned in two orders and of those trained at the size."""
        return self._rows("pruning_curve.csv", ["model", "heads_left"], [
            "error", "error_low", "error_high", "pass_s", "pass_low", "pass_high"])

    def name(self):
        return f"{self.run.get('task', 'unnamed')}, {self.run['num_layers']} x {self.run['num_heads']} heads"

    def seeds(self):
        return "1 seed" if self.run["seeds"] == 1 else f"{self.run['seeds']} seeds"
