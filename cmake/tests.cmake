# SPDX-License-Identifier: Apache-2.0
# Two kinds of tests: Criterion programs beside their code, and scripts that
# run real programs. Both turn red on any sanitizer report: Criterion 2.4.1
# exits 0 when a test leaks.
if(NOT BUILD_TESTING)
  return()
endif()

pkg_check_modules(criterion REQUIRED IMPORTED_TARGET criterion)
set(WHITEKEY_PYTHON /usr/bin/python3 CACHE FILEPATH
  "The Python that sees Debian's packages")
string(JOIN "|" whitekey_sanitizer_report
  "ERROR: (Leak|Address|Undefined)Sanitizer"
  "WARNING: ThreadSanitizer"
  "runtime error:"
)

# whitekey_unit_test(NAME SOURCE... LIBS target...)
function(whitekey_unit_test name)
  cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE
    whitekey::flags PkgConfig::criterion ${arg_LIBS})
  add_test(NAME ${name} COMMAND ${name} --jobs 1)
  whitekey_test_properties(${name})
  # Criterion's memory lies where ThreadSanitizer allows none. The threads are
  # tested by whole programs: race_test, crash_test, every broker.
  if(WHITEKEY_SANITIZE STREQUAL "thread")
    set_tests_properties(${name} PROPERTIES DISABLED TRUE)
  endif()
endfunction()

# whitekey_black_box_test(NAME SCRIPT): run with Debian's Python; the
# environment tells it where the build's programs are.
function(whitekey_black_box_test name script)
  add_test(NAME ${name}
    COMMAND ${WHITEKEY_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/${script})
  whitekey_test_properties(${name})
  set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
    "PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/lib"
    "PYTHONDONTWRITEBYTECODE=1"
    "WK_BUILD=${PROJECT_BINARY_DIR}"
    "WK_SOURCE=${PROJECT_SOURCE_DIR}"
    "WK_MOSQUITTO=${WHITEKEY_MOSQUITTO}"
    "WK_SANITIZE=${WHITEKEY_SANITIZE}"
  )
endfunction()

function(whitekey_test_properties name)
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 300
    FAIL_REGULAR_EXPRESSION "${whitekey_sanitizer_report}"
    ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1"
  )
endfunction()
