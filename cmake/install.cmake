# cmake --install: headers, the library, edoConfig.cmake and edo.pc.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

option(EDO_INSTALL "Add Edo to the install target" ${PROJECT_IS_TOP_LEVEL})
if(NOT EDO_INSTALL)
    return()
endif()

set(edo_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/edo)
install(DIRECTORY include/edo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.hpp")
install(TARGETS edo EXPORT edo-targets)
install(EXPORT edo-targets NAMESPACE edo:: FILE edoTargets.cmake DESTINATION ${edo_config_dir})
configure_package_config_file(cmake/edoConfig.cmake.in ${PROJECT_BINARY_DIR}/edoConfig.cmake
    INSTALL_DESTINATION ${edo_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/edoConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/edoConfig.cmake ${PROJECT_BINARY_DIR}/edoConfigVersion.cmake
    DESTINATION ${edo_config_dir})

# The .pc file finds its prefix from where it lies, so that `cmake --install --prefix` may move it.
file(RELATIVE_PATH edo_pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" edo_pc_prefix "${edo_pc_prefix}")
set(edo_pc_flags "-pthread")
foreach(flag IN ITEMS EDO_CHECKED EDO_COUNT)
    if(${flag})
        string(APPEND edo_pc_flags " -D${flag}=1")
    endif()
endforeach()
if(BUILD_SHARED_LIBS)
    string(APPEND edo_pc_flags " -DEDO_SHARED=1")
endif()
configure_file(cmake/edo.pc.in ${PROJECT_BINARY_DIR}/edo.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/edo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
