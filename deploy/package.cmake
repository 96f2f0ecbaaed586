# What is installed, and the Debian packages of it: cpack --config build/release/CPackConfig.cmake
#   stator          the server                       libstator0     the client library
#   stator-cli      the command line                 libstator-dev  what programs are built with
include(GNUInstallDirs)
find_program(DPKG_QUERY dpkg-query)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME stator)
install(TARGETS stator DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES ${CMAKE_SOURCE_DIR}/deploy/stator.service DESTINATION lib/systemd/system)
if(DPKG_QUERY)
  install(CODE "execute_process(COMMAND \"${CMAKE_SOURCE_DIR}/deploy/sbom.sh\" \"${CMAKE_BINARY_DIR}\"
    OUTPUT_FILE \"${CMAKE_BINARY_DIR}/sbom.spdx.json\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${CMAKE_BINARY_DIR}/sbom.spdx.json DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "Stator <stator@localhost>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL stator stator-cli libstator libstator-dev)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# debian_package(component package section "description" [VARIABLE value]...)
function(debian_package component package section description)
  string(TOUPPER ${component} name)
  set(CPACK_DEBIAN_${name}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${name}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${name}_DESCRIPTION ${description} PARENT_SCOPE)
endfunction()

debian_package(stator stator database "DynamoDB-compatible database server
 A server that speaks DynamoDB's protocol and keeps tables on its own disk.")
set(CPACK_DEBIAN_STATOR_PACKAGE_RECOMMENDS stator-cli)
set(CPACK_DEBIAN_STATOR_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm)
debian_package(stator-cli stator-cli database "command line for DynamoDB
 Reads, writes, imports, exports and copies tables of Stator and of the real service.")
debian_package(libstator libstator${PROJECT_VERSION_MAJOR} libs "DynamoDB from C
 A client library for Stator and for the real service.")
debian_package(libstator-dev libstator-dev libdevel "DynamoDB from C, to build programs with
 Headers, the static library, and what pkg-config and CMake read.")
set(CPACK_DEBIAN_LIBSTATOR-DEV_PACKAGE_DEPENDS
  "libstator${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION}), libcurl4-openssl-dev | libcurl4-gnutls-dev, libsodium-dev")
include(CPack)
