# headcount_version: what binary is this? Version, commit, dirty flag, compiler and flags, written anew at every
# build so that a result names the code that made it.
set(HEADCOUNT_VERSION_HPP ${PROJECT_BINARY_DIR}/version/headcount_version.hpp)
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type_upper)
string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type_upper}}" flags)
if(HEADCOUNT_NATIVE)
  string(APPEND flags " -march=native")
endif()
if(HEADCOUNT_SANITIZE)
  string(APPEND flags " -fsanitize=${HEADCOUNT_SANITIZE}")
endif()
add_custom_target(headcount_version_header
  COMMAND ${CMAKE_COMMAND}
    -DOUTPUT=${HEADCOUNT_VERSION_HPP} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
    "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" "-DFLAGS=${flags}"
    -DBUILD_TYPE=${CMAKE_BUILD_TYPE} -DNATIVE=${HEADCOUNT_NATIVE}
    -P ${PROJECT_SOURCE_DIR}/harness/version/write_version.cmake
  BYPRODUCTS ${HEADCOUNT_VERSION_HPP} VERBATIM)
add_library(headcount_version INTERFACE)
target_include_directories(headcount_version INTERFACE ${PROJECT_BINARY_DIR}/version)
add_dependencies(headcount_version headcount_version_header)
