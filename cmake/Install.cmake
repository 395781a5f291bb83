# The program, its manual and completions; the library for other programs (CMake package, pkg-config).
include(CMakePackageConfigHelpers)

install(TARGETS gf-otlp)
install(DIRECTORY man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
install(DIRECTORY man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 FILES_MATCHING PATTERN "*.5")
install(DIRECTORY man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 FILES_MATCHING PATTERN "*.7")

# The program prints its own completions; one that cannot run here (cross-compiled) goes without.
if(NOT CMAKE_CROSSCOMPILING)
  set(completion_dir ${PROJECT_BINARY_DIR}/completions)
  set(completion_bash ${CMAKE_INSTALL_DATADIR}/bash-completion/completions/gf-otlp)
  set(completion_zsh ${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_gf-otlp)
  set(completion_fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/gf-otlp.fish)
  set(completions)
  foreach(shell bash zsh fish)
    set(generated ${completion_dir}/${shell})
    add_custom_command(OUTPUT ${generated} COMMAND ${CMAKE_COMMAND} -E make_directory ${completion_dir}
                       COMMAND gf-otlp completion ${shell} > ${generated} DEPENDS gf-otlp VERBATIM)
    list(APPEND completions ${generated})
    cmake_path(GET completion_${shell} PARENT_PATH destination)
    cmake_path(GET completion_${shell} FILENAME name)
    install(FILES ${generated} DESTINATION ${destination} RENAME ${name})
  endforeach()
  add_custom_target(gf_otlp_completions ALL DEPENDS ${completions})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gf_otlp)
install(TARGETS gf_otlp_lib EXPORT gf_otlp-targets)
install(DIRECTORY include/gf_otlp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT gf_otlp-targets NAMESPACE gf_otlp:: DESTINATION ${package_dir})
configure_package_config_file(cmake/gf_otlp-config.cmake.in ${PROJECT_BINARY_DIR}/gf_otlp-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gf_otlp-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gf_otlp-config.cmake ${PROJECT_BINARY_DIR}/gf_otlp-config-version.cmake
        DESTINATION ${package_dir})

# Found from where the .pc file stands, so that the installed tree can be moved.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH GF_OTLP_PC_TO_PREFIX /prefix/${pc_dir} /prefix)
string(REGEX REPLACE "/$" "" GF_OTLP_PC_TO_PREFIX ${GF_OTLP_PC_TO_PREFIX})
configure_file(cmake/gf_otlp.pc.in ${PROJECT_BINARY_DIR}/gf_otlp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gf_otlp.pc DESTINATION ${pc_dir})
