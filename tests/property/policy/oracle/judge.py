"""What docs/ref/policy.md says of a request, found by looking at single instants.

Written from that page, apart from the engine and unlike it: no intervals, no index. The household's
clock is read minute by minute through Python's zoneinfo, and an outcome is asked for at every
instant at which something could change, and at the microseconds before and after it.
Instants and durations are microseconds since 1970. A house is a description (houses.py), not YAML.
"""
import datetime
import functools
import math
import zoneinfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
STRICT_FIRST = ["refuse", "ask_all", "ask_one", "automatic"]
CLASSES = {"audio", "faces", "people", "plates", "vehicles", "moving"}
UNIX_EPOCH = datetime.date(1970, 1, 1)


@functools.lru_cache(maxsize=None)
def clock_of(zone):
    return Clock(zone)


class Clock:
    """The household's clock. Zones of our time are whole minutes from UTC: what the clock shows
    in one minute of UTC is one minute of the day."""

    def __init__(self, name):
        self.zone = zoneinfo.ZoneInfo(name)
        self.faces = {}
        self.first_instants = {}

    def face(self, minute):
        """The date, the weekday (Monday is 0) and the minute of the day that it shows."""
        if minute not in self.faces:
            if len(self.faces) > 100_000:
                self.faces.clear()
            shown = datetime.datetime.fromtimestamp(minute * 60, self.zone)
            assert shown.second == 0
            self.faces[minute] = (shown.date(), shown.weekday(), shown.hour * 60 + shown.minute)
        return self.faces[minute]

    def first_instant(self, date):
        """When it first shows this date or a later one."""
        if date not in self.first_instants:
            minute = ((date - UNIX_EPOCH).days - 1) * 24 * 60
            while self.face(minute)[0] < date:
                minute += 1
            self.first_instants[date] = minute * MINUTE
        return self.first_instants[date]

    def end_of(self, date):
        return self.first_instant(date + datetime.timedelta(days=1))

    def month(self, instant):
        """The calendar month that it shows: its first instant, and that of the next."""
        first = self.face(instant // MINUTE)[0].replace(day=1)
        following = (first + datetime.timedelta(days=31)).replace(day=1)
        return [self.first_instant(first), self.first_instant(following)]


@functools.lru_cache(maxsize=None)
def minute_of(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def shows_a_time_in(days, time, face):
    """Whether the clock stands in a window; one that runs over midnight is of its first day."""
    _, weekday, minute = face
    today = days == "every_day" or DAYS[weekday] in days
    yesterday = days == "every_day" or DAYS[weekday - 1] in days
    if time == "all_day":
        return today
    begin, end = (minute_of(part) for part in time.split(" to "))
    if begin < end:
        return today and begin <= minute < end
    return (today and minute >= begin) or (yesterday and minute < end)


def metres(one, other):
    """Along the surface, from the chord through the Earth; places are in millionths of a degree."""
    def direction(place):
        north, east = (math.radians(angle / 1e6) for angle in place)
        return (math.cos(north) * math.cos(east), math.cos(north) * math.sin(east),
                math.sin(north))
    return 2 * 6_371_009 * math.asin(min(1.0, math.dist(direction(one), direction(other)) / 2))


def one_of(value, names):
    return names == "any" or value in names


class Request:
    """One question to one house."""

    def __init__(self, house, asked):
        self.house = house
        self.asked = asked
        self.always = house.get("always", {})
        self.clock = clock_of(house["timezone"])
        self.begin, self.end = asked["footage"]
        self.camera = house["cameras"].get(asked["camera"])
        self.error = (self.camera or {}).get("clock_error", 60) * SECOND
        self.standing = {rule["name"]: self.concerns(rule)
                         for rule in house.get("never", []) + house.get("allow", [])}
        self.nevers = [] if self.is_overridden() else self.that_concern("never")
        self.allows = self.that_concern("allow")
        self.whole = {}
        self.sampled = []  # of each instant looked at, whether it is released
        first = (self.begin - self.error) // MINUTE - 1
        last = (self.end + self.error) // MINUTE + 1
        self.first_minute = first
        self.hours = {}  # of each rule: for each minute, whether the clock stands in its window
        for rule in self.nevers + self.allows:
            days, time = rule.get("footage_days", "every_day"), rule.get("footage_time", "all_day")
            self.hours[rule["name"]] = [shows_a_time_in(days, time, self.clock.face(minute))
                                        for minute in range(first, last + 1)]

    def is_overridden(self):
        return self.asked["override"] and self.asked["basis"] == "warrant"

    def that_concern(self, kind):
        return [rule for rule in self.house.get(kind, []) if self.standing[rule["name"]] != "no"]

    def limit(self, name, otherwise):
        return self.always.get(name, otherwise)

    def is_in_force(self, rule):
        """From the start of its first day to the end of its last."""
        now = self.asked["now"]
        if "rule_starts_on" in rule and now < self.clock.first_instant(rule["rule_starts_on"]):
            return False
        return "rule_ends_on" not in rule or now < self.clock.end_of(rule["rule_ends_on"])

    def concerns(self, rule):
        """no, perhaps or yes; the time of the footage left aside."""
        asked = self.asked
        for field in ("agency", "camera", "basis", "purpose"):
            if not one_of(asked[field], rule.get(field, "any")):
                return "no"
        days, time = rule.get("request_days", "every_day"), rule.get("request_time", "all_day")
        if not shows_a_time_in(days, time, self.clock.face(asked["received"] // MINUTE)):
            return "no"
        if not self.is_in_force(rule):
            return "no"
        if "officer" in rule and asked["officer"] not in rule["officer"]:
            return "no" if asked["officer"] else "perhaps"
        return "yes"

    # Step 1.
    def gate(self):
        asked, house = self.asked, self.house
        length = self.end - self.begin
        return not (
            asked["now"] >= self.clock.end_of(house["rules_end_on"])
            or asked["agency"] not in house["agencies"]
            or self.camera is None
            or not self.is_near()
            or (self.limit("case_number", "required") == "required" and not asked["case_number"])
            or self.end > asked["now"]
            or length > self.limit("clip_at_most", 30 * 60) * SECOND
            or asked["time_given"] + length > self.limit("minutes", 60) * MINUTE)

    def is_near(self):
        """Where the request names a place: whether this house stands in it and listens so far."""
        area, home = self.asked["area"], self.asked["home"]
        if area is None:
            return True
        within = self.limit("area_within", 0)
        if within == 0 or home is None:
            return False
        return metres(home, area[:2]) <= min(within, area[2])

    # Step 2.
    def camera_and_basis(self):
        sharing = self.camera.get("sharing", "never")
        if sharing == "never" or self.asked["basis"] == "preservation" and not self.asked["holds"]:
            return False
        if self.asked["basis"] != "warrant":
            return sharing != "warrant_only"
        warrant = self.asked["warrant"]
        return warrant is not None and one_of(self.asked["camera"], warrant["cameras"])

    def warrant_covers(self, t):
        if self.asked["basis"] != "warrant":
            return True
        begin, end = self.asked["warrant"]["footage"]
        return begin <= t < end

    def minutes_near(self, rule, t):
        """For the minutes that [t-e, t+e] touches, whether each lies in the rule's window."""
        hours = self.hours[rule["name"]]
        return hours[(t - self.error) // MINUTE - self.first_minute:
                     (t + self.error) // MINUTE - self.first_minute + 1]

    def possibly(self, rule, t):
        return any(self.minutes_near(rule, t))

    def surely(self, rule, t):
        return self.standing[rule["name"]] == "yes" and all(self.minutes_near(rule, t))

    def young(self, t):
        age = self.asked["received"] - (t - self.error)
        return age <= self.oldest()

    def oldest(self):
        return self.limit("footage_no_older_than", 14 * 24 * 3600) * SECOND

    def never_fits(self, t):
        return any(self.possibly(rule, t) for rule in self.nevers)

    # Step 4.
    def permits(self, rule, t):
        longest = rule.get("clip_at_most", self.limit("clip_at_most", 30 * 60)) * SECOND
        if not self.surely(rule, t) or self.end - self.begin > longest:
            return False
        return rule.get("part_outside", "refuse") == "trim" or self.fits_whole(rule)

    def fits_whole(self, rule):
        if rule["name"] not in self.whole:
            self.whole[rule["name"]] = all(
                self.surely(rule, t) and self.young(t) and not self.never_fits(t)
                for t in self.instants)
        return self.whole[rule["name"]]

    def outcome(self, t):
        """What is decided of this instant, and the rules that count in it; None: refused."""
        if not self.warrant_covers(t) or self.never_fits(t) or not self.young(t):
            return None, set()
        if not any(self.permits(rule, t) for rule in self.allows):
            return None, set()
        rules = [rule for rule in self.allows if self.possibly(rule, t)]
        return self.conditions(rules), {rule["name"] for rule in rules}

    # Step 5.
    def conditions(self, rules):
        asked, basis = self.asked, self.asked["basis"]
        approvals = [rule["approval"] for rule in rules]
        if basis == "emergency":
            approvals.append("ask_one")
        if self.is_overridden() or basis == "warrant" and asked["warrant"]["paper"]:
            approvals.append("ask_all")
        answer = 30 * 60 if basis == "emergency" else 48 * 3600
        slow = [each.get("slow_to_one_frame_per", 0) for each in rules + [self.always]]
        return {
            "approval": min(approvals, key=STRICT_FIRST.index),
            "answer_within": min(rule.get("answer_within", answer) for rule in rules) * SECOND,
            "one_frame_per": max(slow) * SECOND,
            **self.picture(rules),
        }

    def picture(self, rules):
        everyone = rules + [self.always]
        heights = [each["picture_height_at_most"] for each in everyone
                   if "picture_height_at_most" in each]
        redact = set(self.camera.get("always_redact", []))
        for each in everyone:
            redact.update(each.get("redact", []))
        if "people" in redact:
            redact.add("faces")
        zones = self.house.get("zones", {})
        return {
            "redact": sorted(name for name in redact
                             if name in CLASSES or zones[name] == self.asked["camera"]),
            "height": min(heights, default=0),
            "watermark": any(each.get("watermark") == "yes" for each in everyone),
        }

    def instants_of_interest(self):
        """Where something may change, the ends and the middle, and the neighbours of each."""
        oldest = self.asked["received"] - self.oldest() + self.error
        edges = {self.begin, self.end - 1, (self.begin + self.end) // 2, oldest}
        if self.asked.get("warrant"):
            edges.update(self.asked["warrant"]["footage"])
        for hours in self.hours.values():
            for number in range(1, len(hours)):
                if hours[number] != hours[number - 1]:
                    change = (self.first_minute + number) * MINUTE
                    edges.update((change - self.error, change, change + self.error))
        near = {edge + step for edge in edges for step in (-1, 0, 1)}
        return sorted(t for t in near if self.begin <= t < self.end)

    # Step 6.
    def pieces(self):
        if not self.gate() or not self.camera_and_basis():
            return [piece(self.begin, self.end, None, set())]
        self.instants = self.instants_of_interest()
        out = []
        before = None
        for t in self.instants:
            outcome, rules = self.outcome(t)
            self.sampled.append(outcome is not None)
            if out and out[-1]["outcome"] == outcome:
                out[-1]["to"] = t + 1
                out[-1]["rules"] |= rules
            else:
                # An edge between two instants that were not looked at is the oracle's own fault.
                assert before is None or before + 1 == t, "the oracle missed an edge"
                out.append(piece(t, t + 1, outcome, rules))
            before = t
        released = sum(each["outcome"] is not None for each in out)
        if released > self.limit("clips", 6) - self.asked["clips_given"]:
            return [piece(self.begin, self.end, None, set())]
        return out


def piece(begin, end, outcome, rules):
    return {"from": begin, "to": end, "outcome": outcome, "rules": rules}
