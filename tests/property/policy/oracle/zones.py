"""Windows around every change of the clock in zones all over the world: houses with one rule for
each window, asked for the hours or days around the change."""
import datetime
import itertools

from houses import AGENCIES, CAMERAS
from judge import DAYS, MINUTE, clock_of

# Both hemispheres, half and quarter hours, changes at midnight, changes by half an hour, a winter
# that is summer time (Dublin), a month without summer time (Casablanca), and none at all.
PLACES = ["Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Chicago",
          "America/Havana", "America/Nuuk", "America/Santiago", "America/Scoresbysund",
          "America/St_Johns", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu",
          "Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores", "Australia/Adelaide",
          "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Chisinau",
          "Europe/Dublin", "Europe/London", "Pacific/Chatham", "Pacific/Easter", "UTC"]
YEARS = range(2026, 2028)
ERRORS = dict(zip(CAMERAS, [0, 5, 1800]))


def changes(zone):
    """The minutes of UTC at which the clock jumps, found by looking each quarter of an hour."""
    start, end = (int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) // 60
                  for year in (YEARS.start, YEARS.stop))

    def offset(minute):
        return datetime.datetime.fromtimestamp(minute * 60, zone).utcoffset()

    return [minute for minute in range(start, end, 15) if offset(minute) != offset(minute - 15)]


def windows(clock, change):
    """Hours that begin and end before, in and after the change; of the days around it."""
    _, weekday, before = clock.face(change - 1)
    at = before + 1
    edges = [(at + shift) % (24 * 60) for shift in (-90, -60, -30, 0, 30, 60, 90, 150)]
    days = ["every_day"] + [[DAYS[(weekday + shift) % 7]] for shift in (-1, 0, 1)]
    pairs = [pair for pair in itertools.permutations(edges, 2)]
    for number, (begin, end) in enumerate(pairs):
        time = f"{begin // 60:02}:{begin % 60:02} to {end // 60:02}:{end % 60:02}"
        yield days[number % len(days)], time
    yield from ((each, "all_day") for each in days)


def house_at(zone, change):
    """Rule by rule a purpose: half of the windows permit, the others cut into what is permitted."""
    terms = {"agency": "any", "camera": "any", "basis": "any", "approval": "ask_one", "redact": [],
             "part_outside": "trim"}
    house = {
        "timezone": zone, "rules_end_on": datetime.date(2029, 1, 1), "agencies": AGENCIES,
        "zones": {},
        "cameras": {name: {"sharing": "by_rule", "clock_error": error}
                    for name, error in ERRORS.items()},
        "always": {"clip_at_most": 4 * 86400, "clips": 50, "minutes": 99_999},
        "never": [], "allow": []}
    for number, (days, time) in enumerate(windows(clock_of(zone), change)):
        window = {"footage_days": days, "footage_time": time, "purpose": [f"purpose_{number}"]}
        allow = {"name": f"allow_{number}", **terms, **window}
        if number % 2:
            house["never"].append({"name": f"never_{number}", **window})
            allow.update(footage_days="every_day", footage_time="all_day")
        house["allow"].append(allow)
    return house


def questions_at(house, change):
    """The hours around the change; where whole days count, the whole days."""
    by_hours = {rule["purpose"][0] for rule in house["allow"] + house["never"]
                if rule["footage_time"] != "all_day"}
    for rule, camera in itertools.product(house["allow"], CAMERAS):
        hours = 4 if rule["purpose"][0] in by_hours else 26
        footage = [(change - hours * 60) * MINUTE, (change + hours * 60) * MINUTE]
        yield {"agency": "police", "officer": "11", "camera": camera, "basis": "consent",
               "purpose": rule["purpose"][0], "footage": footage, "case_number": True,
               "received": footage[1], "now": footage[1], "warrant": None, "override": False,
               "holds": True, "area": None, "home": None,
               "clips_given": 0, "time_given": 0}


def houses_and_questions():
    for zone in PLACES:
        for change in changes(clock_of(zone).zone) or [60 * 24 * 20_600]:
            house = house_at(zone, change)
            yield house, list(questions_at(house, change))
