"""Recording 1080p15 at 4 Mbit/s: latchstringd (encrypted, indexed) beside one
`ffmpeg -c copy -f segment` (plain) per camera, from the same camera onto the same disk."""

import shutil
import signal
import statistics
import subprocess
import time
from pathlib import Path

import house
from measure import (Failed, alternate, below, beside, bytes_in, cpu_seconds, rss_peak_mb,
                     wait_until)

COUNTS = (1, 4, 8)
PEER = "ffmpeg -c copy -f segment"
SETTLE_SECONDS = 3
CPU_RATIO_MAX = 2.0
RSS_BASE_MB = 60
RSS_CAMERA_MB = 3


def names(bench):
    return [f"record_{kind}_{count}" for count in counts(bench) for kind in ("cpu", "rss")]


def counts(bench):
    return COUNTS[:1] if bench.quick else COUNTS


class Window:
    """Cost of some processes over a window of recording, once they are under way."""

    def __init__(self, bench, cameras, pids, folder, aside=()):
        time.sleep(SETTLE_SECONDS)
        start = time.monotonic()
        before = self.cpu(pids), self.cpu(aside), bytes_in(folder)
        time.sleep(bench.window_seconds)
        after = self.cpu(pids), self.cpu(aside), bytes_in(folder)
        minutes = (time.monotonic() - start) / 60
        self.cpu_per_minute = (after[0] - before[0]) / minutes
        self.aside_per_minute = (after[1] - before[1]) / minutes
        self.rss_mb = sum(rss_peak_mb(pid) for pid in pids)
        self.aside_rss_mb = sum(rss_peak_mb(pid) for pid in aside)
        # Nobody is cheap by recording less.
        wanted = cameras * house.FILM_KBPS / 8 * 1000 * minutes * 60
        if not 0.6 < (after[2] - before[2]) / wanted < 1.6:
            raise Failed(f"{after[2] - before[2]} bytes were recorded where about {wanted:.0f} "
                         "were sent")

    @staticmethod
    def cpu(pids):
        return sum(cpu_seconds(pid) for pid in pids)


def record_ours(bench, home):
    home.start()
    try:
        return Window(bench, home.cameras, [home.daemon.pid], home.state / "archive",
                      home.broker_pids())
    finally:
        home.stop()


def record_peer(bench, urls):
    folder = bench.work / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    recorders = []
    try:
        for number, url in enumerate(urls):
            target = folder / str(number)
            target.mkdir(parents=True)
            recorders.append(house.Process(
                ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url,
                 "-c", "copy", "-f", "segment", "-segment_time", "60", target / "%03d.mp4"],
                bench.work / f"ffmpeg-{number}.log", stdin=subprocess.DEVNULL))
        wait_until(60, "the peer's first picture",
                   lambda: all(bytes_in(folder / str(number)) for number in range(len(urls))))
        return Window(bench, len(urls), [recorder.pid for recorder in recorders], folder)
    finally:
        for recorder in recorders:
            recorder.stop(signal.SIGINT)


def rows(bench):
    film = house.make_film(bench)
    camera = house.Camera(bench, film, max(counts(bench)))
    try:
        return [row for count in counts(bench) if bench.wants(f"record_cpu_{count}",
                                                              f"record_rss_{count}")
                for row in rows_of(bench, camera.urls[:count])]
    finally:
        camera.stop()


def rows_of(bench, urls):
    count = len(urls)
    bench.say(f"recording {count} of 1080p15 at 4 Mbit/s, {bench.runs} times "
              f"{bench.window_seconds} s each")
    home = house.House(bench, f"house-{count}", urls)
    ours, peer = alternate(bench.runs, lambda: record_ours(bench, home),
                           lambda: record_peer(bench, urls))
    bench.note(f"record_*_{count}: windows of {bench.window_seconds} s; CPU scaled to a minute. "
               f"The managed broker, idle and not counted above: "
               f"{statistics.median(each.aside_per_minute for each in ours):.2g} CPU s/min, "
               f"{statistics.median(each.aside_rss_mb for each in ours):.3g} MB.")
    shutil.rmtree(Path(home.folder), ignore_errors=True)
    return [
        beside(f"record_cpu_{count}", "CPU s/min", [each.cpu_per_minute for each in ours], PEER,
               [each.cpu_per_minute for each in peer], CPU_RATIO_MAX),
        below(f"record_rss_{count}", "MB", [each.rss_mb for each in ours],
              RSS_BASE_MB + RSS_CAMERA_MB * count, PEER, [each.rss_mb for each in peer])]
