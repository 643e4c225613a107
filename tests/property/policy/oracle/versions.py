"""Rules that were replaced not long ago and still count: an instant gets the strictest answer.

Said once more from docs/ref/policy.md ("When rules are changed"), apart from the engine: the
answers of each house are laid side by side.
"""
import copy

from houses import HouseMaker, redactions
from judge import STRICT_FIRST, piece


class Together:
    """One question to several versions of a house, the present one first."""

    def __init__(self, verdicts):
        self.verdicts = verdicts
        self.asked = verdicts[0].asked
        self.clock = verdicts[0].clock
        self.sampled = []

    def pieces(self):
        answers = [verdict.pieces() for verdict in self.verdicts]
        everything = [each for answer in answers for each in answer]
        cuts = sorted({each[end] for each in everything for end in ("from", "to")})
        out = []
        for begin, end in zip(cuts, cuts[1:]):
            there = [each for each in everything if each["from"] <= begin < each["to"]]
            outcome, rules = strictest(there)
            self.sampled.append(outcome is not None)
            if out and out[-1]["outcome"] == outcome:
                out[-1]["to"] = end
                out[-1]["rules"] |= rules
            else:
                out.append(piece(begin, end, outcome, rules))
        wanted = sum(each["outcome"] is not None for each in out)
        for verdict in self.verdicts:
            if wanted > verdict.limit("clips", 6) - self.asked["clips_given"]:
                return [piece(cuts[0], cuts[-1], None, set())]
        return out


def strictest(pieces):
    """Of one instant: refused where any refuses, else what asks, hides and holds back most."""
    outcomes = [each["outcome"] for each in pieces]
    if None in outcomes:
        return None, set()
    heights = [each["height"] for each in outcomes if each["height"] != 0]
    return {
        "approval": min((each["approval"] for each in outcomes), key=STRICT_FIRST.index),
        "answer_within": min(each["answer_within"] for each in outcomes),
        "one_frame_per": max(each["one_frame_per"] for each in outcomes),
        "redact": sorted({name for each in outcomes for name in each["redact"]}),
        "height": min(heights, default=0),
        "watermark": any(each["watermark"] for each in outcomes),
    }, set().union(*(each["rules"] for each in pieces))


def draw_earlier(rng, house):
    """The same house before one to three edits."""
    before = copy.deepcopy(house)
    for _ in range(rng.randint(1, 3)):
        edit(rng, before)
    return before


def edit(rng, house):
    rule = rng.choice(house["allow"])
    camera = house["cameras"][rng.choice(list(house["cameras"]))]
    what = rng.randrange(8)
    if what == 0 and len(house["allow"]) > 1:
        house["allow"].remove(rule)
    elif what == 1:
        name = f"n_{len(house['never'])}_then"
        house["never"].append({**HouseMaker(rng).rule(True), "name": name})
    elif what == 2:
        camera["clock_error"] = rng.choice([0, 5, 60, 600])
    elif what == 3:
        camera["always_redact"] = redactions(rng)
    elif what == 4:
        house["always"]["picture_height_at_most"] = rng.choice([240, 360, 720])
    elif what == 5:
        house["always"]["clips"] = rng.choice([0, 1, 2, 3, 50])
    elif what == 6:
        house["always"]["redact"] = redactions(rng, house["zones"])
    else:
        # All rules alike: rules that overlap must ask the same.
        change = rng.choice([{"approval": "ask_all"}, {"approval": "ask_one"}, {"watermark": "yes"},
                             {"answer_within": 600}, {"slow_to_one_frame_per": 2},
                             {"picture_height_at_most": 480}, {"part_outside": "trim"}])
        for each in house["allow"]:
            each.update(change)
