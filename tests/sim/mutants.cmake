# Seeded mutants: each is the program with one line wrong, and the simulation must find it within
# the seeds of CI, by the invariant that the line keeps.
# latchstring_simulation_mutant(name "invariant[|invariant]" FILE "text as it stands" "text instead"
#                               [BY_NAME])
# BY_NAME: it takes many seeds; label mutants, after building the target simulation_mutants.
# A text that is no longer there stops the configuration, so that the list stays true.
set(mutant_seeds 400)
add_custom_target(simulation_mutants)
function(latchstring_simulation_mutant name invariant file old new)
  set(source ${CMAKE_SOURCE_DIR}/gateway/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} text)
  string(FIND "${text}" "${old}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "mutant ${name}: ${file} no longer holds: ${old}")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  set(mutated ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}.cc)
  file(CONFIGURE OUTPUT ${mutated} CONTENT "${text}" @ONLY)
  # The mutated object comes first, so the library's own is not linked.
  latchstring_simulation(simulation_mutant_${name} ${mutated})
  add_test(NAME simulation_mutant_${name}
    COMMAND simulation_mutant_${name} --seeds ${mutant_seeds} --expect-fault ${invariant})
  set_tests_properties(simulation_mutant_${name} PROPERTIES LABELS sim TIMEOUT 2400
    ENVIRONMENT "${latchstring_quick_asan}")
  if(ARGN STREQUAL "BY_NAME")
    set_tests_properties(simulation_mutant_${name} PROPERTIES LABELS mutants)
    set_target_properties(simulation_mutant_${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    add_dependencies(simulation_mutants simulation_mutant_${name})
  endif()
endfunction()

latchstring_simulation_mutant(reply_before_ledger
  "every answer is in the ledger before it is sent" release/step.cc
  "entry(Record::request, 0, \"received\");" "")
latchstring_simulation_mutant(forgotten_revoke
  "no chunk leaves that is not on offer|nothing leaves after a resident took it back|what is on offer lies in the outbox|everything ends"
  release/step.cc
  "if (piece.state == PieceState::offered) effect(effect::Withdraw{piece.number});" "")
latchstring_simulation_mutant(approval_counted_twice "a resident's yes counts once"
  release/step.cc
  "if (mine != answers.end() && mine->yes == given.yes) return;  // counted once" "")
latchstring_simulation_mutant(one_yes_for_all
  "no byte leaves without a permitting rule and the residents' yes|nothing is given without the rules and the residents"
  release/household.cc
  "return all ? !residents.empty() && includes(yes, residents)" "return all ? !yes.empty()")
latchstring_simulation_mutant(closed_a_moment_early "closed is never sent before its due time"
  release/step_time.cc
  "state().close_at == Instant{} || facts_.now < state().close_at) return;"
  "state().close_at == Instant{} || facts_.now + Duration{1} < state().close_at) return;")
latchstring_simulation_mutant(closed_twice
  "one distinct content per request and state|closed is sent exactly once" release/step_time.cc
  "  state().closed_sent = true;\n" "")
latchstring_simulation_mutant(last_index_early
  "the last index leaves after all others were marked" link/sender.cc
  "sent.count() - (sent.test(last) ? 1 : 0) == last" "sent.count() > 0 || last == 0")
latchstring_simulation_mutant(other_files_forgotten
  "the last index leaves after all others were marked" link/sender.cc
  "other.piece == transfer.piece && !all_others(other.sent)" "false")
latchstring_simulation_mutant(last_index_before_its_bitmap
  "the last index leaves after all others were marked" link/sender.cc
  "answer.store_first = unstored(transfer.piece);" "")
latchstring_simulation_mutant(quota_not_reserved "quotas are never exceeded"
  state/docket_records.cc
  "UPDATE pieces SET committed = ?" "UPDATE pieces SET committed = 0 * ?" BY_NAME)
latchstring_simulation_mutant(released_while_paused
  "nothing is offered while something blocks|nothing is given without the rules and the residents"
  state/facts.cc "if (paused) return" "if (false) return")
latchstring_simulation_mutant(chunk_unchecked "a chunk is checked before it is stored"
  link/receiver.cc "  LS_RETURN_IF_ERROR(check(data));\n" "")
latchstring_simulation_mutant(hidden_by_older_rules "what leaves hides what the rules demand"
  release/step.cc "return std::string(shortfall(piece.hidden, demands(plan)));" "return {};" BY_NAME)
latchstring_simulation_mutant(granted_a_tick_longer
  "what is released lies inside what was asked|a gift is exactly what was given|no byte leaves without a permitting rule and the residents' yes"
  release/release.cc
  "terms.interval = piece.footage;"
  "terms.interval = {piece.footage.from, piece.footage.to + Duration{1}};")
latchstring_simulation_mutant(granted_as_asked
  "no byte leaves without a permitting rule and the residents' yes" release/release.cc
  "terms.interval = piece.footage;" "terms.interval = state.subject.footage;")
latchstring_simulation_mutant(gift_for_who_came_later
  "what leaves opens for its receiver alone" state/docket.cc
  "if (house_.in_work && !house_.in_work(id).empty()) continue;  // for who came before" "" BY_NAME)
latchstring_simulation_mutant(gift_of_one "nothing is given without the rules and the residents"
  release/step_gift.cc
  "if (!is_approved(decided.approval, state().answers, facts_.household)) {" "if (false) {" BY_NAME)
