# SPDX-License-Identifier: Apache-2.0
# Debian's packages, each behind one imported or interface target.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(cjson REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(mosquitto REQUIRED IMPORTED_TARGET libmosquitto)

# Debian 12's mbedTLS and both Paho C packages carry no pkg-config file.
function(whitekey_find_library target library header)
  string(MAKE_C_IDENTIFIER "${library}" id)
  find_library(${id}_library ${library} REQUIRED)
  find_path(${id}_include ${header} REQUIRED)
  add_library(${target} INTERFACE IMPORTED)
  target_link_libraries(${target} INTERFACE ${${id}_library})
  target_include_directories(${target} SYSTEM INTERFACE ${${id}_include})
endfunction()

whitekey_find_library(whitekey::mbedcrypto mbedcrypto mbedtls/aes.h)
whitekey_find_library(whitekey::mbedx509 mbedx509 mbedtls/x509_crt.h)
whitekey_find_library(whitekey::mbedtls mbedtls mbedtls/ssl.h)
target_link_libraries(whitekey::mbedtls INTERFACE
  whitekey::mbedx509 whitekey::mbedcrypto)
whitekey_find_library(whitekey::paho paho-mqtt3as MQTTAsync.h)

# The broker's plugin interface: headers only, symbols come from the broker.
find_path(mosquitto_plugin_include mosquitto_broker.h REQUIRED)
find_program(WHITEKEY_MOSQUITTO mosquitto PATHS /usr/sbin /usr/local/sbin
  REQUIRED)
