"""What a household may give of its own accord, as docs/ref/policy.md says: all of the footage
or nothing; no allow rule is needed; a never rule that may fit refuses. An agency left empty is a
file for whoever gets it, a purpose left empty may be any."""
from judge import MINUTE, SECOND, Request, piece
from questions import Asker


class Gift(Request):
    def is_overridden(self):
        return False

    def concerns(self, rule):
        """For whom and what for is not always known, under which basis and by whom never."""
        asked = self.asked
        for field in ("agency", "camera", "purpose"):
            names = rule.get(field, "any")
            if asked[field] and names != "any" and asked[field] not in names:
                return "no"
        if not self.is_in_force(rule):
            return "no"
        return "perhaps"

    def is_given(self):
        asked, house = self.asked, self.house
        length = self.end - self.begin
        if asked["now"] >= self.clock.end_of(house["rules_end_on"]) or self.end > asked["now"]:
            return False
        if self.camera is None or self.camera.get("sharing", "never") != "by_rule":
            return False
        if length > self.limit("clip_at_most", 30 * 60) * SECOND:
            return False
        if asked["agency"]:
            if asked["agency"] not in house["agencies"]:
                return False
            if asked["clips_given"] >= self.limit("clips", 6):
                return False
            if asked["time_given"] + length > self.limit("minutes", 60) * MINUTE:
                return False
        self.instants = self.instants_of_interest()
        return all(self.young(t) and not self.never_fits(t) for t in self.instants)

    def pieces(self):
        self.sampled = [self.is_given()] * 3
        outcome = None
        if self.sampled[0]:
            outcome = {"approval": self.limit("gifts", "ask_all"),
                       "answer_within": 48 * 3600 * SECOND,
                       "one_frame_per": self.limit("slow_to_one_frame_per", 0) * SECOND,
                       **self.picture([])}
        return [piece(self.begin, self.end, outcome, set())]


def draw_gift(rng, house):
    """A question, of which a gift has less, at times for nobody or for no purpose."""
    asked = Asker(rng, house).question()
    for name in ("case_number", "basis", "officer", "override", "warrant", "holds",
                 "area", "home"):
        del asked[name]
    for name in ("agency", "purpose"):
        if rng.random() < 0.2:
            asked[name] = ""
    return {**asked, "gift": True}
