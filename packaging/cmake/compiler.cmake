# Language, warnings, hardening, sanitizers: the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

option(LATCHSTRING_WERROR "treat warnings as errors" ON)
set(LATCHSTRING_SANITIZE "" CACHE STRING "empty, or: address,undefined | thread | fuzzer")

add_library(latchstring_options INTERFACE)
target_include_directories(latchstring_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(latchstring_options INTERFACE
  LATCHSTRING_VERSION="${PROJECT_VERSION}")
target_compile_options(latchstring_options INTERFACE -Wall -Wextra -Wconversion -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(latchstring_options INTERFACE -Wshadow=local)
else()
  target_compile_options(latchstring_options INTERFACE -Wshadow)
endif()
if(LATCHSTRING_WERROR)
  target_compile_options(latchstring_options INTERFACE -Werror)
endif()

# ensure() stays on in every build; assert() of libraries goes away in release ones.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer)
else()
  add_compile_options(-fstack-protector-strong -fstack-clash-protection)
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
  include(CheckPIESupported)
  check_pie_supported()
endif()

if(LATCHSTRING_SANITIZE STREQUAL "fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
                      -fno-sanitize=vptr)
  add_link_options(-fsanitize=address,undefined)
elseif(LATCHSTRING_SANITIZE)
  add_compile_options(-fsanitize=${LATCHSTRING_SANITIZE})
  add_link_options(-fsanitize=${LATCHSTRING_SANITIZE})
  if(LATCHSTRING_SANITIZE MATCHES "undefined")
    # vptr's check makes a pipe, which the worker's sandbox kills for.
    add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
  endif()
endif()
