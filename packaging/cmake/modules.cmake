# latchstring_module(gateway/x SOURCES a.cc ... DEPS gateway/base ... LIBS PkgConfig::sodium ...)
#   A static library of one module. DEPS are our modules (public); LIBS are foreign libraries, kept
#   private so that nobody else can include them through us.
# latchstring_program(latchstringd SOURCES main.cc DEPS ... LIBS ...)
# latchstring_test(name LABEL unit SOURCES a_test.cc ... DEPS ... LIBS ... [TIMEOUT seconds] [REAL])
#   A Catch2 binary and its ctest entry. The working directory is the binary's own. REAL: it uses
#   GStreamer or a broker: it runs alone, for it keeps time, and with whole stacks of leaks.

# The preset unwinds whole stacks, so that leaks of other people's libraries can be told from ours.
# Where there are no such libraries that takes most of a test's time for nothing.
set(latchstring_quick_asan "ASAN_OPTIONS=detect_stack_use_after_return=1:abort_on_error=1")

function(latchstring_target_name out module)
  string(REPLACE "/" "_" name ${module})
  set(${out} ls_${name} PARENT_SCOPE)
endfunction()

function(latchstring_link target scope)
  foreach(dep IN LISTS ARGN)
    latchstring_target_name(lib ${dep})
    target_link_libraries(${target} ${scope} ${lib})
  endforeach()
endfunction()

function(latchstring_module module)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  latchstring_target_name(name ${module})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE latchstring_options ${arg_LIBS})
  latchstring_link(${name} PUBLIC ${arg_DEPS})
endfunction()

function(latchstring_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE latchstring_options ${arg_LIBS})
  latchstring_link(${name} PRIVATE ${arg_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

function(latchstring_test name)
  cmake_parse_arguments(arg "REAL" "LABEL;TIMEOUT" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE latchstring_options catch_main ${arg_LIBS})
  latchstring_link(${name} PRIVATE ${arg_DEPS})
  if(LATCHSTRING_SANITIZE AND NOT arg_LABEL STREQUAL "property")
    # What a test says once is not worth optimising: compiling takes longer than running it.
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT})
  if(arg_REAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  else()
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${latchstring_quick_asan}")
  endif()
endfunction()
