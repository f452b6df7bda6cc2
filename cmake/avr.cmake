# SPDX-License-Identifier: Apache-2.0
# Toolchain file for the dongle's chip, Debian's gcc-avr and avr-libc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR avr)
set(CMAKE_C_COMPILER avr-gcc)
set(CMAKE_AR avr-gcc-ar)
set(CMAKE_RANLIB avr-gcc-ranlib)
find_program(CMAKE_SIZE avr-size REQUIRED)
set(CMAKE_C_FLAGS_INIT "-mmcu=atmega328p")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
