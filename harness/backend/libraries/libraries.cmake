# The libraries that backends call. Each may be absent: its backend then says what to install, and its points are
# skipped with that. -DHEADCOUNT_BLIS=OFF and the like leave one out, a path names another.

# Loaded while the program runs, from where they are found here: several CBLAS cannot be linked into one program
# (shared_library.hpp). HEADCOUNT_CBLAS is any library with that interface and 32-bit integers.
set(HEADCOUNT_CBLAS "" CACHE FILEPATH "Any CBLAS with 32-bit integers, for the backend cblas")
if(NOT HEADCOUNT_KERNELS_ONLY)
  find_library(HEADCOUNT_OPENBLAS openblas PATHS ${openblas_LIBRARY_DIRS} DOC "OpenBLAS, for the backend blas")
  find_library(HEADCOUNT_BLIS blis DOC "BLIS, for the backend blis")
endif()
foreach(pair blas=OPENBLAS blis=BLIS cblas=CBLAS)
  string(REGEX MATCH "(.*)=(.*)" pair ${pair})
  set(backend ${CMAKE_MATCH_1})
  set(library ${CMAKE_MATCH_2})
  set(file "")
  if(HEADCOUNT_${library} AND NOT HEADCOUNT_KERNELS_ONLY)
    set(file ${HEADCOUNT_${library}})
  endif()
  set(definitions "HEADCOUNT_${library}_FILE=\"${file}\"")
  if(NOT backend STREQUAL "cblas")  # any library serves, so there is no package to name
    headcount_packages(packages "backend ${backend}")
    list(APPEND definitions "HEADCOUNT_PACKAGES=\"${packages}\"")
  endif()
  set_source_files_properties(harness/backend/backends/${backend}.cpp PROPERTIES COMPILE_DEFINITIONS "${definitions}")
endforeach()

# Debian's dnnl-config.cmake fails where OpenCL's headers are absent, so the library is looked for by name; the interface
# used is that of oneDNN 2.
option(HEADCOUNT_ONEDNN "Use oneDNN 2 where it is found" ON)
if(HEADCOUNT_ONEDNN AND NOT HEADCOUNT_KERNELS_ONLY)
  find_library(ONEDNN_LIBRARY dnnl)
  find_path(ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
  if(ONEDNN_LIBRARY AND ONEDNN_INCLUDE_DIR)
    file(STRINGS ${ONEDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h onednn_version REGEX "DNNL_VERSION_MAJOR 2$")
  endif()
endif()
headcount_packages(packages "backend onednn")
set(definitions "HEADCOUNT_PACKAGES=\"${packages}\"")
if(onednn_version)
  add_library(headcount_library_onednn INTERFACE)
  target_include_directories(headcount_library_onednn SYSTEM INTERFACE ${ONEDNN_INCLUDE_DIR})
  target_link_libraries(headcount_library_onednn INTERFACE ${ONEDNN_LIBRARY})
  target_link_libraries(headcount_backend PRIVATE headcount_library_onednn)
  list(APPEND definitions HEADCOUNT_HAVE_ONEDNN)
endif()
set_source_files_properties(harness/backend/backends/onednn.cpp PROPERTIES COMPILE_DEFINITIONS "${definitions}")
