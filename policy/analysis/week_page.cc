// The page of `policy simulate --html`: one file, no script, nothing from elsewhere. Each approval
// has its colour (of a set that people with any colour vision tell apart), and a letter or pattern.
#include <fmt/format.h>

#include "policy/analysis/analysis.h"
#include "policy/analysis/outcome_words.h"
#include "policy/analysis/simulation.h"

namespace latchstring::policy {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr int kLeft = 62;  // units of the picture
constexpr int kTop = 34;
constexpr int kCell = 14;  // half an hour
constexpr int kRow = 34;   // a day
constexpr int kWidth = kLeft + kCell * static_cast<int>(kHalfHours) + 14;

struct Look {
  std::string_view colour;
  std::string_view ink;
  std::string_view letter;
  std::string_view words;
};
constexpr std::array<Look, 4> kLooks{{
    {"#eceff1", "#37474f", "", "refused"},
    {"#56b4e9", "#00263a", "A", "if all residents agree"},
    {"#f0e442", "#3a3500", "1", "if one resident agrees"},
    {"#d55e00", "#ffffff", "X", "without asking anybody"},
}};

constexpr std::string_view kHead =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<style>\n"
    "body{font:17px/1.45 system-ui,sans-serif;margin:0 auto;padding:1em;max-width:52em;"
    "color:#1b1b1b;background:#fff}\n"
    "h1{font-size:1.4em}h2{font-size:1.2em;margin-top:2em}h3{font-size:1em}\n"
    ".most{font-size:1.15em;border-left:.4em solid #d55e00;padding:.2em .8em}\n"
    "svg{width:100%;height:auto;display:block}svg text{font:20px system-ui,sans-serif}\n"
    ".share{display:flex;height:1.6em;border:1px solid #333}\n"
    ".share i{font-style:normal;text-align:center;overflow:hidden;min-width:2px}\n"
    ".share+p{margin:.3em 0}\n"
    ".key span{display:inline-block;min-width:1.5em;text-align:center;border:1px solid #555;"
    "margin-right:.5em}\n.key{list-style:none;padding:0}li{overflow-wrap:anywhere}\n"
    "</style>\n";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string legend() {
  std::string out = "<ul class=\"key\">";
  for (std::size_t i = kLooks.size(); i-- > 0;) {
    const Look& look = kLooks.at(i);
    out += fmt::format("<li><span style=\"background:{};color:{}\">{}</span>{}</li>", look.colour,
                       look.ink, look.letter.empty() ? "&nbsp;" : look.letter, look.words);
  }
  return out + "</ul>\n";
}

// A stretch of equal half-hours, with its letter in the middle.
std::string bar(std::size_t day, std::size_t from, std::size_t to, Approval approval) {
  const Look& look = kLooks.at(static_cast<std::size_t>(approval));
  const int x = kLeft + kCell * static_cast<int>(from);
  const int y = kTop + kRow * static_cast<int>(day);
  const int width = kCell * static_cast<int>(to - from);
  std::string out = fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{}/>", x, y, width, kRow - 4,
      look.colour, approval == Approval::refuse ? "" : " stroke=\"#333\" stroke-width=\"1\"");
  if (!look.letter.empty()) {
    out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
                       x + width / 2, y + 22, look.ink, look.letter);
  }
  return out;
}

std::string picture(const WeekChart& chart) {
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"the week, half-hour by half-hour\">",
      kWidth, kTop + kRow * 7);
  for (int hour = 0; hour <= 24; hour += 6) {
    const int x = kLeft + kCell * 2 * hour;
    out += fmt::format(
        "<text x=\"{}\" y=\"22\" text-anchor=\"{}\">{:02}</text>"
        "<path d=\"M{} {}v{}\" stroke=\"#888\"/>",
        x, hour == 24 ? "end" : "middle", hour, x, kTop - 6, kRow * 7 + 2);
  }
  for (std::size_t day = 0; day < chart.size(); ++day) {
    out += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", kTop + kRow * static_cast<int>(day) + 22,
                       kDays[day]);
    for (std::size_t from = 0; from < kHalfHours;) {
      std::size_t to = from;
      while (to < kHalfHours && chart[day][to] == chart[day][from]) ++to;
      out += bar(day, from, to, chart[day][from]);
      from = to;
    }
  }
  return out + "</svg>\n";
}

// How the hours of a week are shared out, as one bar and in numbers.
std::string hours(const Choice& choice) {
  std::string bar;
  std::string words;
  for (std::size_t i = kLooks.size(); i-- > 0;) {
    const Duration time = choice.time_of.at(i);
    if (time == Duration::zero()) continue;
    const Look& look = kLooks.at(i);
    bar += fmt::format("<i style=\"flex:{};background:{};color:{}\">{}</i>", hours_text(time),
                       look.colour, look.ink, look.letter);
    words += fmt::format("{}{} hours {}", words.empty() ? "" : ", ", hours_text(time), look.words);
  }
  return fmt::format("<div class=\"share\">{}</div><p>{}</p>\n", bar, words);
}

std::string camera_part(const Simulation& simulation, const std::string& camera) {
  const std::vector<Choice>& choices = simulation.choices(camera);
  std::string out = fmt::format("<h2>{}</h2>\n", camera);
  const auto charts = charts_of(choices);
  if (charts.empty()) return out + "<p>Nothing of this camera, whatever it writes.</p>\n";
  for (const auto& [bases, chart] : charts) {
    out += fmt::format("<h3>On {}, with the words that give most</h3>\n", bases_words(bases));
    out += picture(chart);
  }
  for (const Choice& choice : choices) {
    if (choice.gives_nothing()) continue;
    out += fmt::format("<h3>If it writes: {}</h3>\n", escaped(choice_words(simulation, choice)));
    out += hours(choice) + "<ul>";
    for (const std::string& line : choice_lines(simulation, choice)) {
      out += fmt::format("<li>{}</li>", escaped(line));
    }
    out += "</ul>\n";
  }
  return out + "<p>With all other words: nothing.</p>\n";
}

}  // namespace

std::string week_page(const Simulation& simulation) {
  const auto agency = simulation.policy().agencies.find(simulation.agency());
  const std::string name = escaped(
      agency == simulation.policy().agencies.end() ? simulation.agency() : agency->second.name);
  std::string out(kHead);
  out += fmt::format("<title>What {} may get</title></head><body>\n", name);
  out += fmt::format("<h1>What {} may get in a week</h1>\n<p class=\"most\">{}</p>\n", name,
                     escaped(most_sentence(simulation)));
  out += legend();
  for (const std::string& camera : simulation.cameras()) out += camera_part(simulation, camera);
  out += "<h2>For every clip</h2>\n<ul>";
  for (const std::string& line : always_true(simulation.policy())) {
    out += fmt::format("<li>{}</li>", escaped(line));
  }
  for (const Basis basis : {Basis::warrant, Basis::preservation}) {
    out += fmt::format("<li>Today {}.</li>", escaped(refused_today(basis)));
  }
  return out +
         "</ul>\n<p>Each bar shows the most that its half-hours hold, by the clock of the "
         "house.</p>\n</body></html>\n";
}

}  // namespace latchstring::policy
