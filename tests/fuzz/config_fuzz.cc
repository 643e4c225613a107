// A gateway.yaml that loads still loads after the edits that the command line makes, and an entry
// that was added and taken away again leaves the cameras as they were.
#include "gateway/base/bytes.h"
#include "gateway/base/ensure.h"
#include "gateway/config/config.h"
#include "gateway/config/edit.h"

using namespace latchstring;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kFile = "gateway.yaml";
  const std::string_view text = as_text({data, size});
  const auto before = config::load(text, "/house/gateway.yaml");
  if (!before.ok()) return 0;
  config::Camera camera;
  camera.id = "one_more_for_the_test";
  camera.url = "rtsp://192.168.1.2/s";
  const auto added =
      config::insert_entry(text, kFile, "cameras", camera.id, config::camera_value(camera));
  ensure(added.ok());
  const auto with = config::load(*added, "/house/gateway.yaml");
  if (!with.ok()) {
    ensure(before->cameras.size() == config::kCamerasMax || added->size() > 60'000);
    return 0;
  }
  ensure(with->cameras.size() == before->cameras.size() + 1 && with->cameras.back() == camera);
  config::Camera changed = camera;
  changed.url = "rtsp://192.168.1.3/s";
  changed.label = "label, } for the \"test\"";
  const auto replaced = config::replace_camera(*added, kFile, camera, changed);
  ensure(replaced.ok());
  const auto other = config::load(*replaced, "/house/gateway.yaml");
  ensure(!other.ok() || other->cameras.back() == changed);
  const auto removed = config::remove_entry(*added, kFile, "cameras", camera.id);
  ensure(removed.ok());
  const auto after = config::load(*removed, "/house/gateway.yaml");
  ensure(after.ok() && after->cameras == before->cameras && after->name == before->name);
  return 0;
}
