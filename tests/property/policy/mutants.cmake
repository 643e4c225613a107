# Seeded mutants of the engine: each changes one line. The oracle (oracle/compare.py) must notice every
# one: tests policy_mutant_NAME. Tried by name (label mutants, after building the target
# policy_mutants): that the properties in C++ notice them too, and the mutants that only the oracle
# can notice.
# latchstring_mutant(name FILE "text as it stands" "text instead" [ORACLE_ONLY]); a text that is no
# longer there stops the configuration, so that the list stays true.
add_custom_target(policy_mutants)
set(properties_environment "RC_PARAMS=noshrink=1 max_success=1000;${latchstring_quick_asan}")

function(latchstring_mutated_program program objects mutated)
  # The mutated object comes first, so the library's own is not linked.
  add_executable(${program} $<TARGET_OBJECTS:${mutated}> $<TARGET_OBJECTS:${objects}>)
  target_link_libraries(${program} PRIVATE latchstring_options PkgConfig::absl)
  latchstring_link(${program} PRIVATE policy/engine gateway/json)
endfunction()

function(latchstring_mutant name file old new)
  set(source ${CMAKE_SOURCE_DIR}/policy/engine/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} text)
  string(FIND "${text}" "${old}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "mutant ${name}: ${file} no longer holds: ${old}")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  set(mutated ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${file})
  file(CONFIGURE OUTPUT ${mutated} CONTENT "${text}" @ONLY)
  add_library(policy_mutated_${name} OBJECT ${mutated})
  target_link_libraries(policy_mutated_${name}
    PRIVATE latchstring_options PkgConfig::absl PkgConfig::fmt)
  latchstring_link(policy_mutated_${name} PRIVATE policy/engine)

  latchstring_mutated_program(policy_batch_${name} policy_batch_objects policy_mutated_${name})
  add_test(NAME policy_mutant_${name}
    COMMAND Python3::Interpreter -B ${oracle} --batch $<TARGET_FILE:policy_batch_${name}>
      --pairs 60000 --catch)
  set_tests_properties(policy_mutant_${name} PROPERTIES
    LABELS property TIMEOUT 600 ENVIRONMENT "${latchstring_quick_asan}")

  if(ARGN STREQUAL "ORACLE_ONLY")
    set_tests_properties(policy_mutant_${name} PROPERTIES LABELS mutants)
    set_target_properties(policy_batch_${name} policy_mutated_${name} PROPERTIES
      EXCLUDE_FROM_ALL TRUE)
    add_dependencies(policy_mutants policy_batch_${name})
    return()
  endif()
  latchstring_mutated_program(policy_property_${name} policy_property_objects
    policy_mutated_${name})
  target_link_libraries(policy_property_${name} PRIVATE catch_main rapidcheck)
  set_target_properties(policy_property_${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  add_dependencies(policy_mutants policy_property_${name})
  add_test(NAME policy_property_${name} COMMAND policy_property_${name})
  set_tests_properties(policy_property_${name} PROPERTIES
    LABELS mutants WILL_FAIL TRUE TIMEOUT 600 ENVIRONMENT "${properties_environment}")
endfunction()

# The same without a change: else a mutant could be "noticed" by what the right program does too.
add_test(NAME policy_property_none COMMAND policy_property)
set_tests_properties(policy_property_none PROPERTIES
  LABELS mutants TIMEOUT 600
  ENVIRONMENT "${properties_environment}")

latchstring_mutant(window_without_error decide.cc
  "{each.from + e, each.to - e}" "{each.from, each.to}")
latchstring_mutant(never_only_if_sure decide.cc
  "if (!contains(candidate.possible, t)) continue;\n      piece.rules.push_back"
  "if (!contains(candidate.sure, t)) continue;\n      piece.rules.push_back")
latchstring_mutant(age_limit_sign decide.cc
  "footage_no_older_than + camera_->clock_error" "footage_no_older_than - camera_->clock_error")
latchstring_mutant(camera_floor_forgotten decide.cc
  "add_redactions(camera_->always_redact, piece)" "static_cast<void>(0)")
latchstring_mutant(emergency_automatic decide.cc
  "std::min(piece.approval, Approval::ask_one)" "piece.approval")
latchstring_mutant(part_outside_ignores_never decide.cc
  "(nevers_.empty() || !nevers_count())" "true")
latchstring_mutant(clip_limit_of_rule_forgotten decide.cc
  "if (footage.length() > rule.clip_at_most)" "if (false)")
latchstring_mutant(warrant_scope_forgotten decide.cc
  "!facts_.warrant->footage.contains(t)" "false")
latchstring_mutant(override_without_warrant decide.cc
  "!(facts_.override_never && question_.basis == Basis::warrant)" "true")
latchstring_mutant(quota_counts_only_the_past decide.cc
  "facts_.time_given_this_month + footage.length()" "facts_.time_given_this_month")
latchstring_mutant(ended_rules_count decide.cc
  "if (rule.ends && facts_.now >= *rule.ends) return false;" "")
latchstring_mutant(window_of_the_wrong_day wall_clock.cc
  "runs_on(number - days(1))" "runs_on(number)")
latchstring_mutant(offset_of_the_old_season wall_clock.cc
  "end = std::min(end, from_absl(when))" "static_cast<void>(when)")
latchstring_mutant(people_without_faces load_cameras.cc
  "if (out.count(\"people\") != 0) out.insert(\"faces\");" "")
latchstring_mutant(gift_near_a_never_rule gift.cc
  "{each.from - e, each.to + e}" "{each.from + e, each.to - e}")
latchstring_mutant(gift_without_the_floor gift.cc
  "{&always.redact, &camera_->always_redact}" "{&camera_->always_redact}")

latchstring_mutant(window_a_microsecond_wide decide.cc
  "each.to - e}, question_.footage)" "each.to - e + Duration(1)}, question_.footage)" ORACLE_ONLY)
latchstring_mutant(unknown_officer_is_sure decide.cc
  "rule.officers.empty() || !question_.officer.empty()" "true" ORACLE_ONLY)
latchstring_mutant(paper_warrant_asks_one decide.cc
  "facts_.warrant->is_paper" "false" ORACLE_ONLY)
latchstring_mutant(rule_ends_a_day_early wall_clock.cc
  "civil_day(date) + 1" "civil_day(date)" ORACLE_ONLY)
latchstring_mutant(area_of_any_radius decide.cc
  "if (away > question_.area->radius_metres)" "if (false)" ORACLE_ONLY)
latchstring_mutant(area_however_far decide.cc
  "if (away <= within) return" "if (away > 0) return" ORACLE_ONLY)
latchstring_mutant(held_without_room decide.cc
  "&& !facts_.can_hold" "&& false" ORACLE_ONLY)
latchstring_mutant(two_versions_the_laxer_approval pieces.cc
  "strict.approval = std::min(" "strict.approval = std::max(" ORACLE_ONLY)
latchstring_mutant(two_versions_hide_what_one_hides pieces.cc
  "strict.redact.insert(other.redact.begin(), other.redact.end());" "" ORACLE_ONLY)
latchstring_mutant(replaced_rules_refuse_nothing pieces.cc
  "if (other.approval == Approval::refuse && !refused)" "if (false)" ORACLE_ONLY)
latchstring_mutant(clips_of_one_version pieces.cc
  "has_clips_left(version, given)" "has_clips_left(version, 0)" ORACLE_ONLY)
