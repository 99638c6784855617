/** What the module exports to the test: the checks by number, their names, and to run one. */
#include "selftest/selftest.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

using namespace selftest;

/** Which lists there are, in the order of their numbers in the test. */
Checks group(int number) {
  switch (number) {
    case 0:
      return encoder_checks();
    case 1:
      return decoder_checks();
    case 2:
      return picture_checks();
    case 3:
      return broken_checks();
    default:
      return {nullptr, 0};
  }
}

}  // namespace

EXPORT(selftest_count)
int selftest_count(int group_number) { return group(group_number).count; }

/** The name's address; it ends with a zero. */
EXPORT(selftest_name)
const char* selftest_name(int group_number, int check) { return group(group_number).list[check].name; }

/** Runs trials until one disagrees; gives its number, from 1 on, or 0 if none does. A trial's arguments depend on seed
 * and number only. */
EXPORT(selftest_run)
int selftest_run(int group_number, int check, int seed, int trials) {
  for (int trial = 1; trial <= trials; trial++) {
    Random random(static_cast<uint32_t>(seed) * 1000003u + static_cast<uint32_t>(trial));
    if (!group(group_number).list[check].agrees(random)) return trial;
  }
  return 0;
}
