#include "gateway/base/status.h"
#include "policy/analysis/analysis.h"

namespace latchstring::policy {

absl::StatusOr<Source> read_source(const Path& file) {
  // A pipe would be waited for.
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored))
    return invalid(
        "`{}` is no file that can be read as rules (a pipe or a folder): save them in a file, and "
        "give its name",
        file.string());
  // One byte more than is read, so that the loader's own message about the size appears.
  auto text = read_file(file, yaml::kBytesMax + 1);
  if (absl::IsResourceExhausted(text.status())) {
    return invalid(
        "{}:1:1: This file is larger than {} bytes.\n      | take out what is not needed, comments "
        "too",
        file.string(), yaml::kBytesMax);
  }
  if (!text.ok()) return text.status();
  const Path folder = file.parent_path();
  return Source{*std::move(text), file.string(),
                [folder](std::string_view path) -> absl::StatusOr<std::string> {
                  return read_file(folder / path, kKeyFileMax);
                }};
}

absl::StatusOr<std::shared_ptr<const Policy>> load_and_test(const Source& source) {
  LS_ASSIGN(auto policy, load(source.text, source.name, source.read_key_file));
  LS_RETURN_IF_ERROR(failures_of(run_tests(*policy), source).status());
  return policy;
}

absl::StatusOr<std::shared_ptr<const Policy>> load_and_test(const Path& file) {
  LS_ASSIGN(const Source source, read_source(file));
  return load_and_test(source);
}

}  // namespace latchstring::policy
