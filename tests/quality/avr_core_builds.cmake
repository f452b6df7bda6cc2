# SPDX-License-Identifier: Apache-2.0
# Builds core for the ATmega328P from nothing, so that its size is printed in
# every test log: cmake -DSOURCE=... -DBINARY=... -P avr_core_builds.cmake
execute_process(
  COMMAND ${CMAKE_COMMAND} --preset avr -S ${SOURCE} -B ${BINARY}
  WORKING_DIRECTORY ${SOURCE}
  COMMAND_ERROR_IS_FATAL ANY
)
execute_process(
  COMMAND ${CMAKE_COMMAND} --build ${BINARY} --clean-first
  COMMAND_ERROR_IS_FATAL ANY
)
