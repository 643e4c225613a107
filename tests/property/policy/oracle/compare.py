#!/usr/bin/env python3
"""Asks the engine and the oracle the same, and stops at the first answer in which they differ.

    compare.py --batch PROGRAM [--seed N] [--pairs N] [--catch]    random houses
    compare.py --batch PROGRAM --zones                             changes of the clock

PROGRAM is policy_batch. --catch: the engine is a wrong one on purpose; 0 when that was noticed.
"""
import argparse
import collections
import json
import random
import subprocess
import sys
import time

import gifts
import houses
import judge
import questions
import versions
import zones

QUESTIONS = 40  # to each house
GIFTS = 4
EARLIER = 0.25  # of the houses have rules that were replaced
KINDS = ["consent", "warrant", "emergency", "preservation", "gift", "in part", "by two versions",
         "automatic", "ask_one", "ask_all"]
LEAST_RELEASED = 0.20
LEAST_LOADED = 0.80  # of the houses drawn; the others have rules that overlap, or such a fault
FIELDS = ["approval", "redact", "height", "one_frame_per", "watermark", "answer_within"]


class Disagreement(Exception):
    pass


def as_the_oracle_says_it(answer):
    """The engine's pieces; refused ones joined, for the oracle gives no reasons."""
    out = []
    before = None
    for piece in answer["pieces"]:
        outcome = None if piece["approval"] == "refuse" else {key: piece[key] for key in FIELDS}
        rest = {key: value for key, value in piece.items() if key not in ("from", "to")}
        if rest == before:
            raise Disagreement("two neighbouring pieces are the same in all")
        if not piece["reasons"] or outcome is None and piece["redact"]:
            raise Disagreement("a piece without reasons, or a refused one that hides something")
        before = rest
        last = out[-1] if out else {"to": None, "outcome": "none yet"}
        if outcome is None and last["outcome"] is None and last["to"] == piece["from"]:
            last["to"] = piece["to"]
        else:
            out.append({"from": piece["from"], "to": piece["to"], "outcome": outcome,
                        "rules": set() if outcome is None else set(piece["rules"])})
    return out


def shown(value):
    return json.dumps(value, indent=1, default=sorted)


def verdict_of(all_houses, asked):
    kind = gifts.Gift if "gift" in asked else judge.Request
    verdicts = [kind(house, asked) for house in all_houses]
    return verdicts[0] if len(verdicts) == 1 else versions.Together(verdicts)


class Comparison:
    def __init__(self, batch):
        self.engine = subprocess.Popen([batch], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True)
        self.tally = collections.Counter()

    def house(self, rng, house, asked, earlier=()):
        """Sends it off, and judges here while the engine does there; with rules that it replaced,
        these count too."""
        rules = houses.to_yaml(rng, house)
        replaced = [houses.to_yaml(rng, each) for each in earlier]
        sent = [{key: value for key, value in each.items() if value is not None} for each in asked]
        for each in sent:
            if "warrant" in each and each["warrant"]["cameras"] == "any":
                each["warrant"] = {**each["warrant"], "cameras": []}
        self.engine.stdin.write(
            json.dumps({"rules": rules, "earlier": replaced, "questions": sent}) + "\n")
        self.engine.stdin.flush()
        verdicts = [verdict_of([house, *earlier], each) for each in asked]
        expected = [verdict.pieces() for verdict in verdicts]
        line = self.engine.stdout.readline()
        if not line.startswith("{"):
            sys.exit(f"policy_batch: {line or 'it died'}")
        answered = json.loads(line)
        self.tally["houses"] += 1
        if answered["fault"]:
            self.tally["houses not loaded"] += 1
            self.tally[answered["fault"].partition(": ")[2].partition("\n")[0][:60]] += 1
            return
        for verdict, pieces, answer in zip(verdicts, expected, answered["answers"], strict=True):
            self.compare(verdict, pieces, "\n".join([rules, *replaced]), answer)
            self.count(verdict, pieces)

    @staticmethod
    def compare(verdict, expected, rules, answer):
        clock, question = verdict.clock, verdict.asked
        try:
            found = as_the_oracle_says_it(answer)
            if found != expected:
                raise Disagreement("they differ")
            if answer["month"] != clock.month(question["now"]):
                raise Disagreement("the calendar month differs")
        except Disagreement as why:
            raise Disagreement(f"{why}\n\n{rules}\nquestion {shown(question)}\n"
                               f"oracle {shown(expected)}\nengine {shown(answer)}") from None

    def count(self, verdict, pieces):
        question = verdict.asked
        self.tally["pairs"] += 1
        self.tally["instants"] += len(verdict.sampled) or 3
        self.tally["instants released"] += sum(verdict.sampled)
        released = [piece["outcome"] for piece in pieces if piece["outcome"]]
        if not released:
            return
        self.tally["pairs released"] += 1
        self.tally[f"released: {question.get('basis', 'gift')}"] += 1
        self.tally["released: in part"] += len(pieces) > 1
        self.tally["released: by two versions"] += isinstance(verdict, versions.Together)
        self.tally["released: by an override"] += question.get("override", False)
        for approval in {outcome["approval"] for outcome in released}:
            self.tally[f"released: {approval}"] += 1


def random_houses(rng, comparison, pairs):
    while comparison.tally["pairs"] < pairs:
        house = houses.draw_house(rng)
        asked = [questions.draw_question(rng, house) for _ in range(QUESTIONS)]
        asked += [gifts.draw_gift(rng, house) for _ in range(GIFTS)]
        comparison.house(rng, house, asked)
        if rng.random() < EARLIER:
            comparison.house(rng, house, asked, [versions.draw_earlier(rng, house)])


def every_zone(rng, comparison):
    for house, asked in zones.houses_and_questions():
        comparison.tally["changes of a clock"] += 1
        comparison.house(rng, house, asked)
    comparison.tally["zones"] = len(zones.PLACES)


def faults(tally, kinds):
    """What makes the agreement worth little."""
    out = []
    for what, of in (("pairs released", "pairs"), ("instants released", "instants")):
        if tally[what] < LEAST_RELEASED * tally[of]:
            out.append(f"too few {what}")
    for kind in kinds:
        if tally[f"released: {kind}"] * 100 < tally["pairs"]:
            out.append(f"released: {kind} is too rare")
    if tally["houses not loaded"] > (1 - LEAST_LOADED) * tally["houses"]:
        out.append("too many houses were not loaded")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--zones", action="store_true")
    parser.add_argument("--catch", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    comparison = Comparison(options.batch)
    rng = random.Random(options.seed)
    caught = None
    try:
        if options.zones:
            every_zone(rng, comparison)
        else:
            random_houses(rng, comparison, options.pairs)
    except Disagreement as disagreement:
        caught = str(disagreement)
    comparison.engine.stdin.close()
    comparison.engine.wait()
    print(f"seed {options.seed}, {time.monotonic() - began:.0f} s")
    for what, count in sorted(comparison.tally.items()):
        print(f"{count:9} {what}")
    if caught is not None:
        print(caught)
        return 0 if options.catch else 1
    for what, of in (("pairs released", "pairs"), ("instants released", "instants")):
        print(f"{comparison.tally[what] / comparison.tally[of]:9.1%} {what}")
    found = faults(comparison.tally, [] if options.zones else KINDS)
    print("\n".join(found) or "the engine and the oracle agree")
    return 1 if found or options.catch else 0


if __name__ == "__main__":
    sys.exit(main())
