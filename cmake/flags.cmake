# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target carries language level, warnings and hardening.
add_library(whitekey_flags INTERFACE)
add_library(whitekey::flags ALIAS whitekey_flags)

target_compile_features(whitekey_flags INTERFACE c_std_11)
target_compile_options(whitekey_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
  -Wcast-align -Wwrite-strings -Wundef -Wvla -Wswitch-enum -Wformat=2
  -Wredundant-decls
  $<$<BOOL:${WHITEKEY_WERROR}>:-Werror>
)

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "avr")
  target_compile_options(whitekey_flags INTERFACE
    -ffunction-sections -fdata-sections -fshort-enums
    -fira-algorithm=priority -fno-move-loop-invariants
    -mcall-prologues -mrelax -mstrict-X -fno-inline-small-functions)
  target_link_options(whitekey_flags INTERFACE -mrelax)
  return()
endif()

target_compile_definitions(whitekey_flags INTERFACE _GNU_SOURCE)
target_compile_options(whitekey_flags INTERFACE
  -fstack-protector-strong -fno-common -fvisibility=hidden
)
target_link_options(whitekey_flags INTERFACE -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(WHITEKEY_SANITIZE STREQUAL "address")
  target_compile_options(whitekey_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer
  )
  target_link_options(whitekey_flags INTERFACE -fsanitize=address,undefined)
elseif(WHITEKEY_SANITIZE STREQUAL "thread")
  target_compile_options(whitekey_flags INTERFACE
    -fsanitize=thread -fno-omit-frame-pointer
  )
  target_link_options(whitekey_flags INTERFACE -fsanitize=thread)
else()
  target_compile_definitions(whitekey_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>
  )
endif()

if(WHITEKEY_FUZZ)
  target_compile_options(whitekey_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(WHITEKEY_COVERAGE)
  target_compile_options(whitekey_flags INTERFACE --coverage)
  target_link_options(whitekey_flags INTERFACE --coverage)
endif()
