"""Random houses: a description that the oracle reads, and the same as YAML for the engine.

A description has the keys of house-rules.yaml, left out where the file leaves them out; lengths of
time are seconds, dates are dates, a name is said alone or in a list, and the officers of a rule
stand beside its agencies. Zones name their camera only.
"""
import datetime

from judge import DAYS

ZONES = ["America/Chicago", "America/St_Johns", "America/Havana", "America/Santiago",
         "America/Scoresbysund", "Europe/Berlin", "Europe/London", "Africa/Cairo",
         "Africa/Casablanca", "Asia/Beirut", "Asia/Kathmandu", "Australia/Lord_Howe",
         "Pacific/Chatham", "Atlantic/Azores", "UTC"]
KEYS = ["keys/police.jwk", "keys/fire.jwk", "keys/court.jwk"]
AGENCIES = ["police", "fire", "guard"]
CAMERAS = ["front", "drive", "yard"]
BASES = ["consent", "warrant", "emergency", "preservation"]
PURPOSES = ["burglary", "arson", "search"]
BADGES = [["11", "12"], ["21"], ["31", "32"]]
# How the rules of one house keep apart that ask differently; overlaps that do are an error.
APART = ["nothing", "agency", "camera", "basis", "purpose", "purpose", "purpose", "officer",
         "hours", "days", "dates", "request"]
GROUPS = 3
DAY = 86400  # seconds
CHANGES = [(3, 8), (3, 29), (4, 5), (4, 24), (9, 6), (9, 27), (10, 4), (10, 25), (10, 29), (11, 1)]


def some(rng, names, at_least=1):
    return sorted(rng.sample(names, rng.randint(at_least, len(names))), key=names.index)


def maybe(rng, chance, value):
    return value() if rng.random() < chance else None


def without_none(said):
    return {key: value for key, value in said.items() if value is not None}


def clock_text(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def redactions(rng, zones=()):
    return [name for name in ["audio", "faces", "people", "plates", "moving", *zones]
            if rng.random() < 0.25]


def window(rng, longest=24 * 60 - 1):
    begin = rng.choice([rng.randrange(24 * 60), 15 * rng.randrange(24 * 4), rng.randrange(0, 240)])
    end = (begin + rng.randint(1, longest)) % (24 * 60)
    return f"{clock_text(begin)} to {clock_text(end) if end else '24:00'}"


class HouseMaker:
    def __init__(self, rng):
        self.rng = rng
        self.apart = rng.choice(APART)
        self.zone_names = {"window_of_front": "front", "street_of_drive": "drive"}
        errors = [0, 0, 1, 5, 5, 5, 20, 20, 60, 90, 600, 3600]
        self.cameras = {
            name: without_none({
                "sharing": rng.choices(["by_rule", "warrant_only", "never"], [90, 8, 2])[0],
                "always_redact": maybe(rng, 0.4, lambda: self.redactions_of(name)),
                "clock_error": maybe(rng, 0.9, lambda: rng.choice(errors))})
            for name in CAMERAS}
        self.terms = [self.draw_terms() for _ in range(GROUPS)]
        if self.apart == "nothing":
            self.terms = self.terms[:1] * GROUPS
        self.rules_made = 0

    def redactions_of(self, camera):
        return redactions(self.rng, [z for z, of in self.zone_names.items() if of == camera])

    def draw_terms(self):
        rng = self.rng
        approval = rng.choice(["ask_all", "ask_one", "ask_one", "automatic"])
        return without_none({
            "approval": approval,
            "redact": redactions(rng),
            "answer_within": maybe(rng, 0.4, lambda: rng.choice([600, 3600, 2 * 3600, 5 * DAY])),
            "part_outside": maybe(rng, 0.8, lambda: rng.choice(["trim", "trim", "trim", "refuse"])),
            "clip_at_most": maybe(rng, 0.3, lambda: rng.choice([60, 180, 600, 3600])),
            "picture_height_at_most": maybe(rng, 0.3, lambda: rng.choice([240, 480, 1080])),
            "slow_to_one_frame_per": maybe(rng, 0.2, lambda: rng.choice([1, 2, 60])),
            "watermark": maybe(rng, 0.3, lambda: rng.choice(["yes", "no"])),
            "release_unreviewed": "yes" if approval == "automatic" else None,
        })

    def scope(self, group, is_never):
        """Who, what and when; where the house's rules keep apart by one of these, by the group."""
        rng = self.rng

        def pick(names, what):
            if self.apart == what and not is_never:
                return [names[group]]
            return "any" if rng.random() < 0.4 else some(rng, names)

        rule = {
            "agency": pick(AGENCIES, "agency"), "camera": pick(CAMERAS, "camera"),
            "basis": pick(BASES, "basis"), "purpose": pick(PURPOSES, "purpose"),
            "footage_days": rng.choice(["every_day", "every_day", some(rng, DAYS, 3)]),
            "footage_time": rng.choice(["all_day", "00:00 to 24:00"] + 4 * [window(rng)]),
        }
        if is_never:
            rule["footage_time"] = rng.choice(["all_day"] + 5 * [window(rng, 60)])
            rule["footage_days"] = some(rng, DAYS)
            if rule["footage_time"] == "all_day":
                rule["purpose"] = [rng.choice(PURPOSES)]
        if self.apart == "officer":
            rule["officer"] = BADGES[group]
        elif rng.random() < 0.15:
            rule["officer"] = some(rng, sum(BADGES, []))
        if rng.random() < 0.1:
            rule["request_days"] = some(rng, DAYS, 4)
        if rng.random() < 0.1:
            rule["request_time"] = window(rng)
        if rng.random() < 0.1:
            rule["rule_starts_on"] = some_date(rng)
        if rng.random() < 0.1:
            rule["rule_ends_on"] = some_date(rng) + datetime.timedelta(days=rng.choice([0, 30]))
        if not is_never:
            rule.update(self.apart_in_time(group))
        first, last = rule.get("rule_starts_on"), rule.get("rule_ends_on")
        if first and last and last < first:
            del rule["rule_ends_on"]
        return rule

    def apart_in_time(self, group):
        if self.apart == "hours":
            first = self.rng.choice(["00:00", "00:30"])
            times = [f"{first} to 02:00", "02:00 to 03:00", "03:00 to 23:59"]
            return {"footage_time": times[group]}
        if self.apart == "days":
            return {"footage_days": [DAYS[:2], DAYS[2:4], DAYS[4:]][group],
                    "footage_time": self.rng.choice(["all_day", "00:00 to 03:00"])}
        if self.apart == "dates":
            first, last = datetime.date(2026, 6, 7), datetime.date(2026, 11, 1)
            day = datetime.timedelta(days=1)
            return [{"rule_ends_on": first - day},
                    {"rule_starts_on": first, "rule_ends_on": last - day},
                    {"rule_starts_on": last}][group]
        if self.apart == "request":
            times = ["22:00 to 07:00", "07:00 to 12:00", "12:00 to 22:00"]
            return {"request_days": "every_day", "request_time": times[group]}
        return {}

    def rule(self, is_never):
        self.rules_made += 1
        group = self.rng.randrange(GROUPS)
        name = f"{self.rng.choice('abcxyz')}_{self.rules_made}"
        rule = {"name": name, **self.scope(group, is_never)}
        if is_never:
            for line in ("agency", "camera", "basis", "purpose"):
                if rule[line] == "any" and "officer" not in rule and self.rng.random() < 0.5:
                    del rule[line]
            return rule
        rule.update(self.terms[group])
        only_by_warrant = [c for c in CAMERAS if self.cameras[c]["sharing"] == "warrant_only"]
        if rule["approval"] == "automatic" and only_by_warrant:
            named = CAMERAS if rule["camera"] == "any" else rule["camera"]
            rule["camera"] = [c for c in named if c not in only_by_warrant] or rule["camera"]
        return rule

    def house(self):
        rng = self.rng
        always = without_none({
            "redact": maybe(rng, 0.5, lambda: redactions(rng, self.zone_names)),
            "picture_height_at_most": maybe(rng, 0.3, lambda: rng.choice([360, 720])),
            "clip_at_most": maybe(rng, 0.5, lambda: rng.choice([120, 600, 7200])),
            "footage_no_older_than": maybe(rng, 0.5, lambda: rng.choice([90, DAY, 7 * DAY])),
            "clips": maybe(rng, 0.5, lambda: rng.choice([0, 1, 2, 3, 3, 4, 50, 50, 50, 50])),
            "minutes": maybe(rng, 0.5, lambda: rng.choice([0, 5, 10, 60, 60, 60, 60, 600])),
            "case_number": maybe(rng, 0.3, lambda: rng.choice(["required", "optional"])),
            "gifts": maybe(rng, 0.5, lambda: rng.choice(["ask_all", "ask_one"])),
            "slow_to_one_frame_per": maybe(rng, 0.1, lambda: rng.choice([1, 5])),
            "area_within": maybe(rng, 0.3, lambda: rng.choice([0, 100, 400, 2000])),
            "watermark": maybe(rng, 0.1, lambda: rng.choice(["yes", "no"])),
        })
        return {
            "timezone": rng.choice(ZONES),
            "rules_end_on": rng.choice([some_date(rng), *7 * [datetime.date(2027, 12, 31)]]),
            "agencies": AGENCIES, "cameras": self.cameras, "zones": self.zone_names,
            "always": always,
            "never": [self.rule(True) for _ in range(rng.choice([0, 0, 1, 2, 3]))],
            "allow": [self.rule(False) for _ in range(rng.choice([1, 2, 3, 4, 6]))],
        }


def some_date(rng):
    """In 2026, often one on which clocks change somewhere."""
    if rng.random() < 0.5:
        return datetime.date(2026, *rng.choice(CHANGES))
    return datetime.date(2026, rng.choice([1, 2, 5, 6, 7, 12]), rng.choice([1, 2, 14, 27, 28]))


def draw_house(rng):
    return HouseMaker(rng).house()


# The same as YAML.

SECONDS = {"clock_error", "answer_within", "clip_at_most", "slow_to_one_frame_per",
           "footage_no_older_than"}


def length_text(rng, seconds):
    units = [(1, "second"), (60, "minute"), (3600, "hour"), (DAY, "day")]
    size, unit = rng.choice([each for each in units if seconds % each[0] == 0])
    return f"{seconds // size} {unit}{'' if seconds // size == 1 else 's'}"


def value_text(rng, key, value):
    if key in SECONDS:
        return length_text(rng, value)
    if isinstance(value, list):
        if not value:
            return "none"
        if len(value) == 1 and key not in ("redact", "always_redact", "officer"):
            return value[0] if rng.random() < 0.5 else f"[{value[0]}]"
        quote = '"' if key == "officer" else ""
        return "[" + ", ".join(quote + each + quote for each in value) + "]"
    if isinstance(value, str) and " to " in value:
        return f'"{value}"'
    return str(value)


def rule_lines(rng, rule):
    """The lines of a rule in any order; its officers go under `who`."""
    lines = []
    for key, value in rule.items():
        if key == "agency":
            who = value_text(rng, key, value)
            if "officer" in rule:
                who = f"{{agency: {who}, officer: {value_text(rng, 'officer', rule['officer'])}}}"
            lines.append(f"who: {who}")
        elif key != "officer":
            lines.append(f"{key}: {value_text(rng, key, value)}")
    rng.shuffle(lines)
    return lines


def lines_of(rng, said):
    return [f"{key}: {value_text(rng, key, value)}" for key, value in said.items()]


def map_text(rng, said):
    return "{" + ", ".join(lines_of(rng, said)) + "}"


def area_line(rng, within):
    """Not listening is said in two ways; 400 metres is meant where nothing is said."""
    said = ["listen: yes"] if within else rng.choice([[], ["listen: no"]])
    if within != 400 or rng.random() < 0.5:
        distance = f"{within // 1000} kilometres" if within % 1000 == 0 else f"{within} metres"
        said = said + [f"within: {distance if within else '1 metre'}"]
    return f"area_requests: {{{', '.join(said)}}}"


def always_lines(rng, always):
    within = always.pop("area_within", None)
    quota = {key: always.pop(key) for key in ("clips", "minutes") if key in always}
    lines = lines_of(rng, always)
    if quota:
        lines.append(f"per_agency_per_month: {map_text(rng, quota)}")
    if within is not None:
        lines.append(area_line(rng, within))
    return ["always:"] + ["  " + line for line in lines] if lines else []


def to_yaml(rng, house):
    out = ["policy_version: 1", "household:", f"  timezone: {house['timezone']}",
           "  residents: [alex, sam]", f"  rules_end_on: {house['rules_end_on']}", "agencies:"]
    out += [f"  {name}: {{name: The {name}, key_file: {key}}}"
            for name, key in zip(house["agencies"], KEYS)]
    out += ["cameras:"] + [f"  {name}: {map_text(rng, camera)}"
                           for name, camera in house["cameras"].items()]
    zones = [f"  {name}: {{camera: {camera}, polygon: [[0, 0], [1, 0], [1, 0.5]]}}"
             for name, camera in house["zones"].items()]
    out += ["zones:", *zones] if zones else []
    out += always_lines(rng, dict(house["always"]))
    for kind in ("allow", "never"):
        out += [f"{kind}:"] if house[kind] else []
        for rule in house[kind]:
            lines = rule_lines(rng, rule)
            if rng.random() < 0.5:
                out.append("  - {" + ", ".join(lines) + "}")
            else:
                out += ["  - " + lines[0]] + ["    " + line for line in lines[1:]]
    return "\n".join(out) + "\n"
