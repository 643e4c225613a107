"""Reads the test camera's cells from a video file: frame number and UTC of every decoded frame.

The layout stands in tests/support/cells.h. As a program: cells.py FILE prints `frame utc_us` lines,
and `- -` for a frame whose cells cannot be read.
"""

import subprocess
import sys
from typing import List, NamedTuple, Optional

CELL = 8
COLUMNS = 28
ROWS = 4
WIDTH = CELL * COLUMNS
HEIGHT = CELL * ROWS


class Cells(NamedTuple):
    frame: int
    utc_us: int


def _crc16(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def read_cells(luma: bytes, stride: int = WIDTH) -> Optional[Cells]:
    """From a gray picture whose top left corner holds the cells; None when not readable."""
    bits = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            total = 0
            for y in range(row * CELL + 2, row * CELL + 6):
                at = y * stride + column * CELL + 2
                total += sum(luma[at:at + 4])
            bits = bits << 1 | (total // 16 >= 126)
    packed = bits.to_bytes(COLUMNS * ROWS // 8, "big")
    if packed[0] != 0xA5 or _crc16(packed[:12]) != int.from_bytes(packed[12:], "big"):
        return None
    return Cells(int.from_bytes(packed[1:5], "big"), int.from_bytes(packed[5:12], "big"))


def cells_of_file(path: str, *input_options: str) -> List[Optional[Cells]]:
    """Of every frame of an MP4 file, edit lists ignored, in presentation order."""
    picture = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", *input_options, "-ignore_editlist", "1",
         "-f", "mp4", "-i", str(path), "-map", "0:v:0", "-vsync", "passthrough",
         "-vf", f"crop={WIDTH}:{HEIGHT}:0:0", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        check=True, stdout=subprocess.PIPE).stdout
    size = WIDTH * HEIGHT
    return [read_cells(picture[at:at + size]) for at in range(0, len(picture), size)]


if __name__ == "__main__":
    for cells in cells_of_file(sys.argv[1]):
        print(*(cells or ("-", "-")))
