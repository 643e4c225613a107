// Writes each file of the CCTV age test kit into a folder, inflated where it is compressed: the
// `compressed` line goes, all else stays as it is.
import { mkdirSync, writeFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import * as kit from "cctv-age";

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(kit)) {
  const file = Buffer.from(bytes);
  const end = file.indexOf("\n\n") + 1;
  const lines = file.subarray(0, end).toString("latin1").split("\n");
  const isCompressed = lines.includes("compressed: zlib");
  const head = lines.filter((line) => line !== "compressed: zlib").join("\n");
  const body = file.subarray(end + 1);
  writeFileSync(`${folder}/${name}`,
    Buffer.concat([Buffer.from(head + "\n", "latin1"), isCompressed ? inflateSync(body) : body]));
}
