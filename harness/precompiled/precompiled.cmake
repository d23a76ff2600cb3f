# headcount_precompiled(target...): with HEADCOUNT_PRECOMPILE, headers of libraries are read once for all these targets
# and not once a source: from nothing, reading was a third of all compiling. Sources include what they use all the same:
# other builds, clang-tidy's among them, have nothing precompiled. To be called after the targets' options are set:
# targets that are compiled alike share what is read, which the first of them makes: one whose definitions (-D) all others
# have, too.
option(HEADCOUNT_PRECOMPILE "Read headers of libraries once: from nothing that is faster" OFF)

function(headcount_precompiled)
  if(NOT HEADCOUNT_PRECOMPILE)
    return()
  endif()
  cmake_parse_arguments(arg "" "HEADER" "TARGETS" ${ARGN})
  list(POP_FRONT arg_TARGETS first)
  target_precompile_headers(${first} PRIVATE ${arg_HEADER})
  foreach(target IN LISTS arg_TARGETS)
    target_precompile_headers(${target} REUSE_FROM ${first})
  endforeach()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    foreach(target IN LISTS first arg_TARGETS)
      # The first so that ccache can tell. No warnings: they cost time, and g++ 12 takes what is precompiled for the
      # project's own. Nor is fmt's check of each format string repeated. The build that is tested has both.
      target_compile_options(${target} PRIVATE -fpch-preprocess -w)
      target_compile_definitions(${target} PRIVATE FMT_CONSTEVAL=)
    endforeach()
  endif()
endfunction()
