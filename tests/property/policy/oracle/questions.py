"""Random requests to a house, steered at one of its rules and at the edges of its windows: blind
ones would nearly all be refused, and agreeing on them would say nothing."""
import datetime

from houses import AGENCIES, BASES, CAMERAS, PURPOSES, some_date
from judge import DAYS, MINUTE, SECOND, clock_of, minute_of

HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Asker:
    def __init__(self, rng, house):
        self.rng = rng
        self.house = house
        self.clock = clock_of(house["timezone"])

    def shown_at(self, date, minute):
        """When the clock shows it; the first or the second time, where there are two."""
        shown = datetime.datetime.combine(date, datetime.time(), self.clock.zone)
        shown += datetime.timedelta(minutes=minute)
        return int(shown.replace(fold=self.rng.randint(0, 1)).timestamp()) * SECOND

    def named(self, value, names, chance=0.97):
        """One that the rule names, mostly."""
        if value == "any" or self.rng.random() > chance:
            return self.rng.choice(names)
        return self.rng.choice(value)

    def a_day(self, rule):
        """Mostly one on which the window begins, some of them at the ends of the rule's dates."""
        date = some_date(self.rng)
        if "rule_starts_on" in rule and self.rng.random() < 0.7:
            date = rule["rule_starts_on"] + datetime.timedelta(days=self.rng.randrange(5))
        elif "rule_ends_on" in rule and self.rng.random() < 0.7:
            date = rule["rule_ends_on"] - datetime.timedelta(days=self.rng.randrange(5))
        days = rule["footage_days"]
        while days != "every_day" and DAYS[date.weekday()] not in days and self.rng.random() < 0.97:
            date += datetime.timedelta(days=1)
        return date

    def near(self, edge, error):
        """At the edge, at its distance of the clock's error, and a little beside."""
        beside = self.rng.choice([0, -1, 1, -SECOND, SECOND, self.rng.randint(-90, 90) * SECOND,
                                  self.rng.randint(-90 * SECOND, 90 * SECOND)])
        return edge + self.rng.choice([-error, 0, error]) + beside

    def footage(self, rule, error):
        rng = self.rng
        length = rng.choice([1, SECOND, 30 * SECOND, 2 * MINUTE, 2 * MINUTE, 5 * MINUTE,
                             rng.randint(1, 10 * MINUTE), rng.randint(1, 10 * MINUTE)])
        if rng.random() < 0.05:
            length = rng.randint(1, 2 * HOUR)
        if rng.random() < 0.04:  # at the limits of length
            length = self.house["always"].get("clip_at_most", 1800) * SECOND + rng.choice([0, 1])
        if rng.random() < 0.15 and "clip_at_most" in rule:
            length = rule["clip_at_most"] * SECOND + rng.choice([0, 1])
        date = self.a_day(rule)
        time = rule["footage_time"]
        start, end = (0, 24 * 60) if time == "all_day" else map(minute_of, time.split(" to "))
        if end <= start:
            end += 24 * 60
        if rng.random() < 0.45:
            at = self.near(self.shown_at(date, rng.choice([start, end])), error)
        else:
            at = self.shown_at(date, rng.randint(start, end - 1)) + rng.randrange(MINUTE)
        begin = rng.choice([at, at - length, at - length // 2])
        return [begin, begin + length]

    def received(self, rule, footage, error):
        """When the request arrives; sometimes where its age or its hour matters."""
        rng = self.rng
        begin, end = footage
        kind = rng.random()
        if kind < 0.1:  # the age limit falls into the footage, or just beside
            limit = self.house["always"].get("footage_no_older_than", 14 * 24 * 3600) * SECOND
            at = rng.choice([begin, end, rng.randint(begin, end)]) + rng.choice([-1, 0, 1])
            return max(end, at + limit - error)
        if "request_time" in rule or "request_days" in rule:
            for _ in range(8 if kind < 0.9 else 1):
                at = self.at_a_request_edge(rule, end)
                if end <= at:
                    return at
        return end + rng.choice([0, 0, SECOND, HOUR, HOUR, 10 * HOUR])

    def at_a_request_edge(self, rule, end):
        date = self.clock.face(end // MINUTE)[0] + datetime.timedelta(days=self.rng.randrange(8))
        time = rule.get("request_time", "all_day")
        start, stop = (0, 24 * 60) if time == "all_day" else map(minute_of, time.split(" to "))
        inside = start + self.rng.randint(0, (stop - start) % (24 * 60) or 24 * 60)
        return self.shown_at(date, self.rng.choice([start, stop, inside, inside, inside])) \
            + self.rng.choice([-1, 0, 0, 0])

    def now(self, rule, received):
        """When it is judged: at once, later, or at the ends of the rule and of the rules."""
        rng = self.rng
        edges = [self.clock.end_of(self.house["rules_end_on"])]
        if "rule_starts_on" in rule:
            edges.append(self.clock.first_instant(rule["rule_starts_on"]))
        if "rule_ends_on" in rule:
            edges.append(self.clock.end_of(rule["rule_ends_on"]))
        edge = rng.choice(edges) + rng.choice([-1, 0])
        if rng.random() < 0.2 and received <= edge:
            return edge
        if rng.random() < 0.01:
            return received - 1
        return received + rng.choice([0, 0, SECOND, HOUR, 40 * HOUR])

    def warrant(self, asked):
        rng = self.rng
        if asked["basis"] != "warrant" and rng.random() < 0.95:
            return None
        if rng.random() < 0.05:
            return None
        begin, end = asked["footage"]
        hours = [begin - rng.choice([0, HOUR]), end + rng.choice([0, HOUR])]
        if rng.random() < 0.3:  # names a part only
            hours[rng.randint(0, 1)] = rng.randint(begin, end) + rng.choice([-1, 0, 1])
        others = [c for c in CAMERAS if c != asked["camera"]]
        cameras = rng.choice(["any", [asked["camera"]], CAMERAS])
        if rng.random() < 0.05:
            cameras = others
        return {"cameras": cameras, "footage": hours, "paper": rng.random() < 0.3}

    def question(self):
        rng = self.rng
        rules = self.house["allow"]
        if self.house["never"] and rng.random() < 0.15:
            rules = self.house["never"]
        rule = rng.choice(rules)
        camera = self.named(rule.get("camera", "any"), CAMERAS)
        error = self.house["cameras"][camera].get("clock_error", 60) * SECOND
        asked = {
            "agency": self.named(rule.get("agency", "any"), AGENCIES),
            "officer": rng.choice(["11", ""]),
            "camera": camera,
            "basis": self.named(rule.get("basis", "any"), BASES),
            "purpose": self.named(rule.get("purpose", "any"), PURPOSES + ["baking"]),
            "footage": self.footage(rule, error),
            "case_number": rng.random() < 0.97,
        }
        if "officer" in rule and rng.random() < 0.9:
            asked["officer"] = rng.choice(rule["officer"])
        asked["received"] = self.received(rule, asked["footage"], error)
        asked["now"] = self.now(rule, asked["received"])
        if rng.random() < 0.02:
            asked.update(rng.choice([{"agency": "strangers"}, {"camera": "attic"},
                                     {"purpose": "baking"}]))
        asked["warrant"] = self.warrant(asked)
        asked["override"] = rng.random() < (0.3 if asked["basis"] == "warrant" else 0.05)
        asked["holds"] = rng.random() < 0.95
        asked.update(self.place())
        asked.update(self.given(asked["footage"]))
        return asked

    def place(self):
        """Mostly none; else one around which the house stands, near its edge or that of what the
        house listens to."""
        rng = self.rng
        if rng.random() < (0.8 if "area_within" in self.house["always"] else 0.99):
            return {"area": None, "home": rng.choice([None, [39_924_000, -83_809_000]])}
        home = [rng.randint(-89_000_000, 89_000_000), rng.randint(-180_000_000, 180_000_000)]
        reach = self.house["always"].get("area_within") or 400
        radius = rng.choice([reach, reach, rng.randint(1, 2 * reach), 100_000])
        away = rng.choice([0, reach, radius]) * rng.choice([0.5, 0.999, 1.001, 1.5])
        north = rng.uniform(-1, 1) * away / 111_195 * 1e6
        centre = [max(-90_000_000, min(90_000_000, home[0] + round(north))), home[1]]
        return {"area": [*centre, radius], "home": None if rng.random() < 0.05 else home}

    def given(self, footage):
        """What the agency got this month: mostly nothing, else nearly or quite all of it."""
        rng = self.rng
        clips = self.house["always"].get("clips", 6)
        left = self.house["always"].get("minutes", 60) * MINUTE - (footage[1] - footage[0])
        given = {"clips_given": 0, "time_given": 0}
        if rng.random() < 0.1:
            given["clips_given"] = max(0, clips - rng.choice([0, 1, 1, 2, 2]))
        if rng.random() < 0.1:
            given["time_given"] = max(0, left + rng.choice([0, 0, 1, -1]))
        return given


def draw_question(rng, house):
    return Asker(rng, house).question()
