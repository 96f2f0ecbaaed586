# What users of the library get: libstator.so and libstator.a, headers, a pkg-config file and a CMake package. Both hold
# the objects of client/ and of what it needs of proto/; neither shows a symbol that is not declared in include/stator.
set(library_modules base json value message sign client_values client_credentials client)
set(library_sources)
foreach(module ${library_modules})
  get_target_property(sources stator_${module} SOURCES)
  get_target_property(folder stator_${module} SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${folder}/)
  list(APPEND library_sources ${sources})
endforeach()

# Compiled once more, to be loaded at any address.
add_library(stator_library_objects OBJECT ${library_sources})
set_target_properties(stator_library_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(stator_library_objects PRIVATE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/proto)
# Small before fast: a call waits for a network. Nothing unwinds through it, and debuggers read .debug_frame.
target_compile_options(stator_library_objects PRIVATE $<$<CONFIG:Release>:-Os -fno-asynchronous-unwind-tables>)
target_link_libraries(stator_library_objects PRIVATE PkgConfig::CURL PkgConfig::SODIUM Threads::Threads stator_flags)

add_library(libstator SHARED $<TARGET_OBJECTS:stator_library_objects>)
set_target_properties(libstator PROPERTIES
  OUTPUT_NAME stator VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME libstator)
target_include_directories(libstator INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_link_libraries(libstator PRIVATE PkgConfig::CURL PkgConfig::SODIUM Threads::Threads stator_flags)
target_link_options(libstator PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/libstator.map)
if(NOT STATOR_SANITIZE)
  target_link_options(libstator PRIVATE -Wl,--no-undefined)
endif()
set_property(TARGET libstator APPEND PROPERTY LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/libstator.map)

# The archive has one member, whose hidden symbols are its own: what two archives call the same does not meet.
set(archive ${CMAKE_CURRENT_BINARY_DIR}/libstator.a)
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_LINKER} -r -o stator.o $<TARGET_OBJECTS:stator_library_objects>
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden stator.o
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} qc ${archive} stator.o
  DEPENDS stator_library_objects $<TARGET_OBJECTS:stator_library_objects>
  WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
  COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(libstator_archive ALL DEPENDS ${archive})

# --- Installing ---

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
configure_file(stator.pc.in stator.pc @ONLY)
write_basic_package_version_file(statorConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(TARGETS libstator EXPORT stator
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libstator NAMELINK_COMPONENT libstator-dev)
install(EXPORT stator FILE statorConfig.cmake NAMESPACE stator::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/stator COMPONENT libstator-dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/statorConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/stator COMPONENT libstator-dev)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libstator-dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/stator.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libstator-dev)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/stator DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libstator-dev
  FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
