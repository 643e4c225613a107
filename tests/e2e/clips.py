"""What stands in a clip: frames by their cells, counts by ffprobe, edit lists ignored."""

import csv
import io
import json
import subprocess
import tarfile

from cells import cells_of_file
from house import seconds_of
from officer import open_jws


def frame_count(clip):
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-ignore_editlist", "1", "-count_frames", "-select_streams",
         "v:0", "-show_entries", "stream=nb_read_frames", "-of", "json", str(clip)],
        capture_output=True, text=True, check=True).stdout
    return int(json.loads(out)["streams"][0]["nb_read_frames"])


class Clip:
    """One received clip with its package, from the two opened files of an offer."""

    def __init__(self, folder, plain, gateway_jwk):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "clip.mp4"
        self.path.write_bytes(plain[0])
        self.members = {}
        with tarfile.open(fileobj=io.BytesIO(plain[1])) as package:
            for member in package:
                assert member.isfile()
                self.members[member.name] = package.extractfile(member).read()
        named = {name.split("-")[0]: name for name in self.members}
        compact = self.members[named["manifest"]].decode()
        self.manifest = open_jws(compact, gateway_jwk)[1]
        rows = list(csv.DictReader(io.StringIO(self.members[named["frames"]].decode())))
        self.times = [seconds_of(row["utc"]) for row in rows]
        self.cells = cells_of_file(self.path)

    def span(self, name):
        return tuple(seconds_of(self.manifest[name][end]) for end in ("from", "to"))

    def note(self, beginning):
        """Whether the manifest says so about this clip."""
        return any(note.startswith(beginning) for note in self.manifest.get("notes", []))

    def check_edges(self, fps):
        """Nothing of the granted interval is missing at either end, but where another part has it:
        the camera's own pictures begin at a key picture, and what is before comes by itself."""
        begin, end = self.span("granted")
        is_native = not self.manifest["redaction"]["reencoded"]
        if not is_native and not self.note("a viewing copy of part"):
            assert self.times[0] - begin < 2 / fps, (begin, self.times[0])
        if not self.note("the beginning of part"):
            assert end - self.times[-1] < 2 / fps, (self.times[-1], end)

    def check_frames(self, fps=10, lag=0.5, edges=True):
        """Every frame inside the granted interval, none outside, none missing. The cells tell when
        the camera drew a frame, `lag` is how much later it may arrive. `edges=False`: the footage
        has gaps, so that a part may begin and end anywhere."""
        begin, end = self.span("granted")
        assert frame_count(self.path) == len(self.times) == len(self.cells)
        assert len(self.cells) == self.manifest["clip"]["frames"]
        assert all(begin <= at < end for at in self.times), (begin, end, self.times)
        assert None not in self.cells
        numbers = [cell.frame for cell in self.cells]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers
        for at, cell in zip(self.times, self.cells):
            assert -lag < at - cell.utc_us / 1e6 < lag, (at, cell)
        given = self.span("given")
        assert begin <= given[0] and given[1] <= end
        if edges:
            self.check_edges(fps)
        return begin, end


def check_folder(folder, begin, end, fps=10, lag=0.5):
    """The clips of an evidence folder, gaps allowed between them: each frame is the one that the
    camera drew at the time that its row says, none comes twice, none is missing at the ends."""
    found = []
    for path in folder.glob("clip-*.mp4"):
        rows = list(csv.DictReader((folder / f"frames-{path.stem[5:]}.csv").open()))
        times = [seconds_of(row["utc"]) for row in rows]
        cells = cells_of_file(path)
        assert len(times) == len(cells) == frame_count(path) and None not in cells, path
        for at, cell in zip(times, cells):
            assert begin <= at < end and -lag < at - cell.utc_us / 1e6 < lag, (path, at, cell)
        numbers = [cell.frame for cell in cells]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), (path, numbers)
        found.append((times, numbers))
    found.sort()
    for (_, before), (_, after) in zip(found, found[1:]):
        assert before[-1] < after[0], (before, after)
    assert found[0][0][0] - begin < 2 / fps and end - found[-1][0][-1] < 2 / fps, (begin, end)
