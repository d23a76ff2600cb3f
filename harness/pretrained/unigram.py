"""The tokenizer of the Universal Sentence Encoder Lite: the pieces of a text whose scores have the largest sum.

A SentencePiece model of the kind unigram (Kudo 2018), as the model's own runtime computes it: @energetic-ai/embeddings
0.2.0, Apache-2.0, from whose tokenizer this was written. Its oddities are kept, because the model has to see what it
sees there. A character that begins no piece has score 0, which is better than nearly any piece's; so has a place that no
piece ends at, and a piece without a score: seven with a colon have none, and ":30" has 30. Of pieces that stand in the
vocabulary twice the last counts.
"""
import json
import unicodedata

RESERVED = 6         # the first ids are no pieces of text
UNKNOWN = 0          # a character that begins no piece
BLANK = "\u2581"     # stands for a space, and before the first word


class Unigram:
    def __init__(self, vocabulary):
        """`vocabulary` has a (piece, score) for each id."""
        self.lengths = [len(piece) for piece, _ in vocabulary]
        self.pieces = {piece: (score or 0.0, id) for id, (piece, score) in enumerate(vocabulary) if id >= RESERVED}
        self.beginnings = {piece[:end] for piece in self.pieces for end in range(1, len(piece) + 1)}

    @classmethod
    def read(cls, path):
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def encode(self, text):
        """The ids of a text; none of an empty one. Of two best ways the one with the shorter last piece is taken."""
        text = unicodedata.normalize("NFKC", text)
        if not text:
            return []
        text = BLANK + text.replace(" ", BLANK)
        best, last = [0.0] * (len(text) + 1), [UNKNOWN] * (len(text) + 1)
        arriving = [[] for _ in best]  # at each place: where a piece begins, its score and its id
        for begin in range(len(text)):
            for end, score, id in self.pieces_at(text, begin):
                arriving[end].append((begin, score, id))
            # All that arrives one place further has begun here or before.
            end = begin + 1
            for start, score, id in arriving[end]:
                total = score + best[start]
                if best[end] == 0 or total >= best[end]:
                    best[end], last[end] = total, id
        return self.walk_back(last)

    def pieces_at(self, text, begin):
        found = []
        for end in range(begin + 1, len(text) + 1):
            candidate = text[begin:end]
            if candidate not in self.beginnings:
                break
            if candidate in self.pieces:
                found.append((end, *self.pieces[candidate]))
        return found or [(begin + 1, 0.0, UNKNOWN)]

    def walk_back(self, last):
        """The pieces that end at the end, from the first on; of unknown ones in a row one is left."""
        ids, place = [], len(last) - 1
        while place > 0:
            id = last[place]
            if not (id == UNKNOWN and ids and ids[-1] == UNKNOWN):
                ids.append(id)
            place -= self.lengths[id]
        return ids[::-1]
