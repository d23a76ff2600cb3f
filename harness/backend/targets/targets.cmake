# The instruction sets that Highway compiles its files for. On x86 a file is compiled for each and picks one when the
# program runs, whatever the machine that builds: the kernels are a third of all compiling.
set(HEADCOUNT_KERNELS all CACHE STRING
    "all: kernels for every instruction set; here: for the best that runs here, and for the least what is small; \
ends: for the best and the least")
set_property(CACHE HEADCOUNT_KERNELS PROPERTY STRINGS all here ends)

# Register tiles are arrays of vectors, and vectors of a length found at run time make none: NEON serves all of Arm.
set(disabled_targets "HWY_SVE|HWY_SVE_256|HWY_SVE2|HWY_SVE2_128")
set(least_target "")
set(only_target "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  # SSE4 is the least. Without AES and carry-less products Highway calls it SSSE3 and compiles for one set more.
  set(least_target -march=x86-64-v2 -maes -mpclmul)
  if(NOT HEADCOUNT_KERNELS STREQUAL "all")
    try_run(ran compiled ${CMAKE_CURRENT_BINARY_DIR}/targets ${CMAKE_CURRENT_LIST_DIR}/here.cpp
            LINK_LIBRARIES PkgConfig::hwy RUN_OUTPUT_VARIABLE found)
    if(compiled AND ran EQUAL 0)
      list(GET found 0 best)
      list(GET found 1 others)
      string(APPEND disabled_targets "|${others}")
      if(HEADCOUNT_KERNELS STREQUAL "here")
        # Without a lesser one to begin with, Highway compiles for this one alone.
        set(only_target "HWY_BASELINE_TARGETS=${best}")
      endif()
    else()
      message(STATUS "this machine's instruction set is not found out: kernels for every one")
    endif()
  endif()
endif()

# headcount_highway_sources(FILE...): sources that include harness/backend/targets.hpp.
function(headcount_highway_sources)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_DEFINITIONS "HWY_DISABLED_TARGETS=(${disabled_targets})"
                              COMPILE_OPTIONS "${least_target}" SKIP_PRECOMPILE_HEADERS ON)
endfunction()

# headcount_kernel_sources(FILE...): of those the ones that take long: kernels of the backend `simd`, which runs them on
# the best set. Limits are measured on the least, too, and need what is small there.
function(headcount_kernel_sources)
  headcount_highway_sources(${ARGN})
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_DEFINITIONS ${only_target})
endfunction()
