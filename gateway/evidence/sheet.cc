#include "gateway/evidence/sheet.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/evidence/names.h"
#include "gateway/evidence/sheet_style.h"

namespace latchstring::evidence {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// `2026-05-04 21:55:00.04 UTC`
std::string moment(Instant instant) {
  std::string text = to_rfc3339(instant);
  text.replace(text.find('T'), 1, " ");
  text.pop_back();
  return text + " UTC";
}

std::string span(const Interval& interval) {
  return fmt::format("{} to {}", moment(interval.from), moment(interval.to));
}

std::string in_fours(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    if (at > 0) out += ' ';
    out += text.substr(at, 4);
  }
  return out;
}

// A row of the table of facts; nothing where there is nothing to say.
std::string fact(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, escaped(value));
}

std::string hash_fact(std::string_view name, std::string_view hash) {
  if (hash.empty()) return {};
  return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"hash\">{}</td></tr>\n", name,
                     escaped(hash));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string for_whom(const SheetFacts& facts) {
  const wire::Manifest& m = facts.manifest;
  std::string rows = fact("Given to", facts.agency) + fact("Officer", facts.badge);
  rows += fact("Case", facts.case_number);
  rows += m.gift.empty() ? fact("Answer to request", m.request_id)
                         : fact("Given by the household", "of its own accord: gift " + m.gift);
  rows += fact("Given by",
               m.gateway_name.empty() ? "a household with the gateway below" : m.gateway_name);
  rows += fact("Signed at", moment(m.common.iat));
  if (m.delete_after != Instant{}) {
    rows += fact("To be deleted by", moment(m.delete_after) + " at the latest");
  }
  return "<h2>Who</h2>\n<table class=\"facts\">\n" + rows + "</table>\n";
}

std::string clock_words(const wire::Manifest& m) {
  std::string text = m.clock == "kernel" ? "synchronised, as the operating system states"
                                         : "taken as it was, not known to be synchronised";
  if (m.camera_offset_ms) {
    text += fmt::format("; the camera's own clock was {} ms {}", std::abs(*m.camera_offset_ms),
                        *m.camera_offset_ms < 0 ? "behind it" : "ahead of it");
  }
  return text;
}

std::string picture_words(const wire::Manifest& m) {
  if (!m.reencoded) return "as the camera encoded them, untouched";
  const bool filled = std::any_of(m.redacted.begin(), m.redacted.end(),
                                  [](const std::string& name) { return name != "audio"; });
  return filled ? "encoded anew after hiding; the fill cannot be undone"
                : "encoded anew, so that it begins and ends exactly";
}

std::string what_it_shows(const wire::Manifest& m) {
  std::string rows = fact("Camera", m.camera);
  rows += fact("Asked for", span(m.asked)) + fact("Granted", span(m.granted));
  rows += fact("In this clip", span(m.given));
  rows += fact("Frames", fmt::format("{} ({}, {})", m.frames, m.container, m.codec));
  rows += fact("Hidden or left out", m.redacted.empty() ? "nothing" : joined(m.redacted));
  rows += fact("Pictures", picture_words(m));
  rows += fact("Clock", clock_words(m));
  rows += fact("Made by", m.tool);
  for (const std::string& note : m.notes) rows += fact("Note", note);
  return "<h2>What</h2>\n<table class=\"facts\">\n" + rows + "</table>\n";
}

std::string file_table(const wire::Manifest& m) {
  std::string rows;
  for (const wire::NamedFile& file : m.files) {
    rows += fmt::format(
        "<tr><td><code>{}</code></td><td class=\"size\">{}</td><td class=\"hash\">{}</td></tr>\n",
        escaped(file.name), file.size, escaped(file.sha256));
  }
  return "<h2>Files</h2>\n<table class=\"files\">\n<tr><th scope=\"col\">File</th>"
         "<th scope=\"col\" class=\"size\">Bytes</th><th scope=\"col\">SHA-256</th></tr>\n" +
         rows + "</table>\n";
}

std::string origin(const wire::Manifest& m) {
  std::string rows = hash_fact("Request", m.request_sha256);
  rows += hash_fact("Decision in the ledger", m.decision_sha256);
  rows += hash_fact("Ledger's verifier key", m.ledger_vkey);
  for (const wire::Manifest::Source& source : m.sources) {
    rows += hash_fact("Recorded segment", source.segment + ": " + source.sha256);
  }
  return "<h2>Where it comes from</h2>\n<p>SHA-256 of the request, of the decision's ledger entry, "
         "and of the recorded segments before anything was cut.</p>\n<table class=\"facts\">\n" +
         rows + "</table>\n";
}

std::string how_to_verify(const wire::Manifest& m, const Names& names) {
  return fmt::format(
      R"(<h2>How to verify</h2>
<p>Trust begins with the gateway's fingerprint. Compare it with what the household says, on paper
or aloud:</p>
<p><span class="seal hash">{}</span></p>
<p>In one step, in the folder's parent, with the tool that received it:</p>
<pre>latchstring-request verify FOLDER --gateway-key={}</pre>
<p>With ordinary tools alone:</p>
<ol>
<li><code>sha256sum {} {} {}</code> gives the values above. They also stand, with the value of this
sheet, in <code>{}</code>, which reads as text.</li>
<li><code>{}</code> holds the same words, signed (JWS, Ed25519). Any JOSE library checks it
with the key in its member <code>jwk</code>, whose RFC 7638 thumbprint is the fingerprint.</li>
<li><code>{}</code> shows that the release was entered in the gateway's append-only ledger
before it was handed over.</li>
</ol>
)",
      escaped(in_fours(m.common.iss)), escaped(m.common.iss), names.clip, names.frames,
      names.regions, names.readable, names.manifest, names.proof);
}

std::string clip_hash(const wire::Manifest& m, const Names& names) {
  const auto found = std::find_if(m.files.begin(), m.files.end(),
                                  [&names](const auto& file) { return file.name == names.clip; });
  return found == m.files.end() ? std::string() : found->sha256;
}

std::string certificate(const wire::Manifest& m, const Names& names) {
  return fmt::format(
      R"(<section class="certificate">
<span class="draft">draft, not signed</span>
<h2>Certificate of a person who knows the system</h2>
<p>In the form of Federal Rules of Evidence 902(13) and 902(14). The household may fill it in and
sign it, change it, or leave it. It is not legal advice.</p>
<p>I am one of the people who keep the camera <b>{}</b> and the gateway with the fingerprint
<span class="hash">{}</span>, and I know how they work. I state:</p>
<ol>
<li>The gateway records what its cameras send as a matter of routine, with the time of its own
clock, and stores it encrypted. I know of no fault at the time shown that would make its records
untrue. Faults that I do know of:</li>
</ol>
<div class="lines"><span style="grid-column: 1 / -1">none, or as follows</span></div>
<ol start="2">
<li>The file <code>{}</code> was made by the gateway from those records by an automatic process
that gives an accurate result: it holds the pictures of {}, and what was hidden in them is named
in this sheet.</li>
<li>The file is identified by its SHA-256 value
<span class="hash">{}</span>. A file with this value is a true copy of what the gateway
released.</li>
</ol>
<p>I declare under penalty of perjury that the foregoing is true and correct.</p>
<div class="lines"><span>Name and signature</span><span>Place and date</span></div>
</section>
)",
      escaped(m.camera), escaped(m.common.iss), names.clip, escaped(span(m.given)),
      clip_hash(m, names));
}

}  // namespace

std::string sheet(const SheetFacts& facts) {
  const wire::Manifest& m = facts.manifest;
  const Names names({m.piece, m.part});
  const std::string title = fmt::format("Video released from camera {}", escaped(m.camera));
  std::string html = fmt::format(
      R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{}</title>
<style>{}</style>
</head>
<body>
<main>
<header>
<h1>{}</h1>
<p>{}<br>{}</p>
</header>
)",
      title, kSheetStyle, title, escaped(span(m.given)), names.clip);
  html += for_whom(facts) + what_it_shows(m) + file_table(m) + origin(m);
  html += how_to_verify(m, names) + certificate(m, names);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace latchstring::evidence
