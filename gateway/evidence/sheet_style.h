// The sheet's style, for screen and paper. Private to sheet.cc.
#pragma once

#include <string_view>

namespace latchstring::evidence {

inline constexpr std::string_view kSheetStyle = R"css(
:root { color-scheme: light; --ink: #1d2630; --soft: #5b6774; --line: #d9dee4; --tint: #f4f6f8;
  --mark: #2f5d62; }
* { box-sizing: border-box; }
body { margin: 0; background: #e9edf0; color: var(--ink);
  font: 16px/1.55 "Source Sans 3", "Noto Sans", "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 52rem; margin: 2rem auto; padding: 2.75rem 3.25rem 3rem; background: #fff;
  border-top: 6px solid var(--mark); box-shadow: 0 1px 4px rgb(20 30 40 / 18%); }
header p { margin: 0; color: var(--soft); }
h1 { margin: 0 0 .35rem; font-size: 1.75rem; line-height: 1.25; font-weight: 600; }
h2 { margin: 2.4rem 0 .7rem; padding-bottom: .3rem; font-size: 1.12rem; font-weight: 600;
  color: var(--mark); border-bottom: 1px solid var(--line); }
p { margin: .6rem 0; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .38rem .6rem .38rem 0; text-align: left; vertical-align: top; font-weight: 400; }
.facts th { width: 12.5rem; color: var(--soft); }
.facts tr + tr > *, .files tr + tr > * { border-top: 1px solid var(--line); }
.files th { color: var(--soft); }
.files .size { text-align: right; white-space: nowrap; padding-right: 1.2rem; }
code, .hash, pre { font-family: "Source Code Pro", "Noto Sans Mono", "DejaVu Sans Mono", monospace;
  font-size: .86em; }
.hash { overflow-wrap: anywhere; }
td.hash { font-size: .8em; }
.files code { white-space: nowrap; }
pre { margin: .6rem 0; padding: .8rem 1rem; background: var(--tint); border-radius: 4px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
ul, ol { margin: .6rem 0; padding-left: 1.4rem; }
.seal { display: inline-block; padding: .3rem .7rem; background: var(--tint); border-radius: 4px;
  letter-spacing: .04em; }
.certificate { margin-top: 2.6rem; padding: 1.4rem 1.7rem 1.7rem; border: 1px solid var(--line);
  border-radius: 6px; }
.certificate h2 { margin-top: 0; }
.draft { float: right; margin-left: 1rem; padding: .1rem .6rem; color: var(--soft);
  border: 1px solid var(--line); border-radius: 99px; font-size: .82rem; }
.lines { display: grid; grid-template-columns: 3fr 2fr; gap: 2.2rem 2rem; margin-top: 2.6rem; }
.lines span { padding-top: .3rem; border-top: 1px solid var(--ink); color: var(--soft);
  font-size: .82rem; }
@media (max-width: 40rem) {
  main { margin: 0; padding: 1.5rem 1.1rem 2rem; }
  .facts th { width: 8rem; }
  .lines { grid-template-columns: 1fr; }
}
@media print {
  @page { margin: 14mm; }
  body { background: none; font-size: 10pt; }
  main { max-width: none; margin: 0; padding: 0; border: 0; box-shadow: none; }
  h2 { break-after: avoid; }
  tr, pre { break-inside: avoid; }
  .certificate { break-before: page; margin-top: 0; }
}
)css";

}  // namespace latchstring::evidence
